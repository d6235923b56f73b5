// An app of the product, with the product's client library.
import { connect } from "@crossframe/client";
import { exchanging } from "../exchange.js";
import { subscriber } from "../fanout.js";
import { offer } from "../timing.js";
import { holdPort } from "./flood.js";

const query = new URLSearchParams(location.search);
const [first, second] = query.get("frames").split(",");
const flood = query.get("flood") === location.hostname ? holdPort() : undefined;
const note = subscriber();
const { interop, contexts } = await connect({ hubOrigins: [`http://localhost:${location.port}`] });

const call = (value) => interop.invoke("bench.echo", value);
const update = (value) => contexts.update("bench.shared", value);
const { exchange, arrived } = exchanging((value) => contexts.update("bench.ping", value));

// The first change makes a context, which is told as a value and not as a change.
await Promise.all(["bench.shared", "bench.ping", "bench.pong"].map((name) => contexts.update(name, {})));
if (location.hostname === first) {
  await contexts.subscribe("bench.pong", (_, { kind }) => kind === "update" && arrived());
} else {
  await contexts.subscribe("bench.shared", (_, { kind }) => kind === "update" && note());
}
if (location.hostname === second) {
  await interop.register("bench.echo", (value) => value);
  await contexts.subscribe("bench.ping", (value, { kind }) => kind === "update" && void contexts.update("bench.pong", value));
}
offer({ call, update, exchange, flood });
