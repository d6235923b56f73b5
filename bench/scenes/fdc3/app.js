import { getAgent } from "@morgan-stanley/fdc3-web";
import { exchanging } from "../exchange.js";
import { offer } from "../timing.js";

const [first] = new URLSearchParams(location.search).get("frames").split(",");
const agent = await getAgent();
const [channel] = await agent.getUserChannels();
await agent.joinUserChannel(channel.id);
const { exchange, arrived } = exchanging((value) => agent.broadcast({ type: "bench.ping", ...value }));

if (location.hostname === first) await agent.addContextListener("bench.pong", arrived);
else await agent.addContextListener("bench.ping", (value) => void agent.broadcast({ ...value, type: "bench.pong" }));
offer({ exchange });
