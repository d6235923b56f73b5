import { expose, wrap } from "comlink";
import { greeted, makeFrames } from "../frames.js";

const hand = await greeted(makeFrames("/comlink/app.html"));
const [caller, other] = hand.map((give) => {
  const { port1, port2 } = new MessageChannel();
  give(port2);
  return port1;
});
const remote = wrap(other);
expose({ echo: (value) => remote.echo(value) }, caller);
