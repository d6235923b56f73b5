import { connect, WindowMessenger } from "penpal";
import { offer } from "../timing.js";

const messenger = new WindowMessenger({ remoteWindow: parent, allowedOrigins: ["*"] });
const host = await connect({ messenger, methods: { echo: (value) => value } }).promise;
offer({ call: (value) => host.echo(value) });
