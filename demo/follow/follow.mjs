// A program in Node that follows a shared context and says what it is told, beside the demo:
//
//   node demo/follow/follow.mjs prices
//
// --url and --token say where the broker is and who connects; a user in development is dev: and an id.
import { parseArgs } from "node:util";
import { connectBroker } from "@crossframe/client/broker";
import WebSocket from "ws";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: "string", default: "ws://localhost:8080/link" },
    token: { type: "string", default: "dev:anna" },
    scope: { type: "string", default: "tenant" },
  },
});
const [name = "prices"] = positionals;

const hub = await connectBroker({ url: values.url, token: values.token, app: "follow", WebSocket });
console.log(`connected as ${hub.me.instance}; following ${name}`);
hub.on("disconnected", ({ message }) => console.log(`disconnected: ${message}`));
hub.on("reconnected", () => console.log("connected again"));
hub.on("closed", ({ code, message }) => {
  console.log(`closed: ${code}: ${message}`);
  process.exitCode = 1;
});
await hub.contexts.subscribe(name, (value, { revision, kind }) => console.log(revision, kind, JSON.stringify(value)), { scope: values.scope });

process.once("SIGINT", () => hub.close());
