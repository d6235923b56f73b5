import GlueWeb from "@glue42/web";
import { exchanging } from "../exchange.js";
import { offer } from "../timing.js";

const [first] = new URLSearchParams(location.search).get("frames").split(",");
const { interop, contexts } = await GlueWeb();
const call = async (value) => (await interop.invoke("bench.echo", value)).returned;
const { exchange, arrived } = exchanging((value) => contexts.update("bench.ping", value));

if (location.hostname === first) {
  await contexts.update("bench.pong", {});
  await contexts.subscribe("bench.pong", arrived);
} else {
  await contexts.update("bench.ping", {});
  await interop.register("bench.echo", (value) => value);
  await contexts.subscribe("bench.ping", (value) => value.rows && void contexts.update("bench.pong", value));
}
offer({ call, exchange });
