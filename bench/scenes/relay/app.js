// An app on a bare port: requests with numbers and echoes, the body as an object or as one JSON text.
import { askForPort } from "../frames.js";
import { subscriber } from "../fanout.js";
import { offer } from "../timing.js";

const query = new URLSearchParams(location.search);
const text = query.get("body") === "text";
const pack = text ? JSON.stringify : (value) => value;
const unpack = text ? JSON.parse : (value) => value;
const caller = query.get("frames").startsWith(`${location.hostname},`);
const port = await askForPort();
const waiting = new Map();
let last = 0;

const call = (value) =>
  new Promise((done) => {
    waiting.set(++last, done);
    port.postMessage({ kind: "call", id: last, body: pack(value) });
  });
const update = (value) => port.postMessage({ kind: "update", id: 0, body: pack(value) });

const note = subscriber();
port.onmessage = ({ data: { kind, id, body } }) => {
  if (kind === "acknowledged") return;
  const value = unpack(body);
  if (kind === "update") {
    note();
  } else if (caller) {
    waiting.get(id)(value);
    waiting.delete(id);
  } else {
    port.postMessage({ kind: "answer", id, body: pack(value) });
  }
};
// A change that is answered by a change costs a bare port what a call costs.
offer({ call, update, exchange: call });
