import { connect, WindowMessenger } from "penpal";
import { makeFrames } from "../frames.js";

const [caller, other] = makeFrames("/penpal/app.html");
const join = (frame, methods) =>
  connect({ messenger: new WindowMessenger({ remoteWindow: frame.contentWindow, allowedOrigins: [new URL(frame.src).origin] }), methods }).promise;

const remote = join(other, {});
await join(caller, { echo: async (value) => (await remote).echo(value) });
