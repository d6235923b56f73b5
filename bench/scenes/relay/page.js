// The hop in plain JavaScript: what the caller posts goes to all others, what the others post goes to the caller.
// `at` says where: in the page, in a Worker ("worker", or "goworker", which calls Go), or nowhere, where two frames have
// one channel.
import { greeted, makeFrames } from "../frames.js";
import { relay } from "./relay.js";

const query = new URLSearchParams(location.search);
const at = query.get("at");
const hand = await greeted(makeFrames("/relay/app.html"));
if (at === "nowhere") {
  const { port1, port2 } = new MessageChannel();
  hand[0](port1);
  hand[1](port2);
} else {
  const channels = hand.map(() => new MessageChannel());
  const ours = channels.map(({ port1 }) => port1);
  if (at) new Worker(`/relay/${at}.js`).postMessage({ ports: ours, acknowledges: query.has("acknowledges") }, ours);
  else relay(ours);
  hand.forEach((give, i) => give(channels[i].port2));
}
