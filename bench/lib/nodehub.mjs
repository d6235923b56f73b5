// The real hub in this process: the Worker's supervisor with the compiled program, and ports whose other ends are here.
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { out } from "./build.mjs";

const OpError = 8;
const origin = "http://localhost:8080";

/** Starts a hub with the given app definitions; connect(app) starts an app and returns its port. */
export async function startHub(apps) {
  const { Supervisor, wire } = await import(pathToFileURL(join(out, "supervisor.mjs")));
  const heard = [];
  const url = `data:application/wasm;base64,${readFileSync(join(out, "hub.wasm")).toString("base64")}`;
  const boot = { origin, hub: "bench", apps, policy: {}, limits: {} };
  const supervisor = new Supervisor({ kind: "start", boot, license: {}, wasm: { url, integrity: "" }, store: "", debug: false }, ({ kind, frame }) => {
    if (kind === "page") heard.push(frame);
  });
  await supervisor.run();

  const greet = async (frame, from, main) => {
    const { port1, port2 } = new MessageChannel();
    const greeting = JSON.stringify({ crossframe: "INIT_REQUEST", versions: [1] });
    const port = new HubPort(port2);
    supervisor.page({ kind: "page", frame: ["", wire.OpPageGreet, 0, frame, 0, from, JSON.stringify({ main, ports: 1 }), greeting], port: port1 });
    const ack = await port.next((op) => op === wire.OpAck);
    port.connectionId = JSON.parse(ack[5]).connectionId;
    return port;
  };
  const main = await greet(0, origin, true);

  const connect = async (app) => {
    await main.ask(wire.OpAppStart, { name: app, head: JSON.stringify({ waitFor: "created" }) });
    const opened = heard.findLast(([, op]) => op === wire.OpPageOpen);
    const port = await greet(opened[3], new URL(apps.find(({ name }) => name === app).url).origin, false);
    const challenge = heard.findLast(([, op]) => op === wire.OpPageChallenge);
    port.post(wire.OpProve, { name: JSON.parse(challenge[6]).nonce });
    return port;
  };
  const close = () => ports.forEach(({ port }) => port.close());
  return { wire, connect, close };
}

const ports = [];

/** An app's end of a port, without a client library. */
class HubPort {
  port;
  connectionId = "";
  /** Takes each message as [op, id, ref, peer, name, head, body]. */
  take = () => {};
  #lastId = 0;

  constructor(port) {
    this.port = port;
    ports.push(this);
    port.onmessage = ({ data }) => {
      for (let at = 1; at < data.length; at += 7) this.take(data.slice(at, at + 7));
    };
  }

  post(op, { id = 0, name = "", head = "", body = null }) {
    this.port.postMessage([this.connectionId, op, id, 0, 0, name, head, body]);
  }

  /** Resolves with the next message that a condition of its op and id holds for. */
  next(wanted) {
    return new Promise((done) => {
      this.take = (message) => wanted(message[0], message[1]) && done(message);
    });
  }

  /** Sends a request and resolves with its answer. */
  async ask(op, fields) {
    const id = ++this.#lastId;
    const answer = this.next((_, to) => to === id);
    this.post(op, { ...fields, id });
    const message = await answer;
    if (message[0] === OpError) throw new Error(message[5]);
    return message;
  }
}
