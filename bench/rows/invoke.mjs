import { measure } from "../lib/pool.mjs";
import { inTurns } from "../lib/turns.mjs";
import { ratio } from "../lib/stats.mjs";

/** A turn takes about 40 ms of the relay: long against the clock's steps, short against what else the machine does. */
const sizes = [
  { name: "100 B", bytes: 100, count: 150, rounds: 21, warmUp: 3000 },
  { name: "10 kB", bytes: 10_000, count: 80, rounds: 21, warmUp: 300 },
  { name: "1 MB", bytes: 1_000_000, count: 3, rounds: 15, warmUp: 6 },
];

const baselines = ["relay-text", "relay", "relay-text in a Worker", "direct", "Glue42", "Penpal", "Comlink"];

/** What is asked of each ratio, by baseline and size; what is not here is for information. */
const limits = {
  "relay-text": { "100 B": 1.1, "10 kB": 1.1, "1 MB": 1.1 },
  relay: { "10 kB": 0.6, "1 MB": 0.35 },
  Glue42: { "100 B": 0.25, "10 kB": 0.25, "1 MB": 0.25 },
  Penpal: { "100 B": 1, "10 kB": 1, "1 MB": 1 },
  Comlink: { "100 B": 1, "10 kB": 1, "1 MB": 1 },
};
const peers = ["Glue42", "Penpal", "Comlink"];

/** Below this no hub in Go can get. */
const floor = "an empty Go call for each message";

/** P1 and P5: a call and its answer, alone. */
export async function invoke({ pool, report }) {
  const names = ["ours", ...baselines, floor];
  const callers = {};
  for (const name of names) callers[name] = await pool.caller(name);
  for (const { name: size, bytes, count, rounds, warmUp } of sizes) {
    for (const name of names) await measure(callers[name], "roundTrips", bytes, warmUp);
    const turns = Object.fromEntries(names.map((name) => [name, () => measure(callers[name], "roundTrips", bytes, count)]));
    const samples = await inTurns(turns, rounds);
    for (const baseline of baselines) {
      report({
        id: peers.includes(baseline) ? "P5" : "P1",
        name: `invoke ${size}`,
        ...ratio(samples.ours, samples[baseline]),
        limit: limits[baseline]?.[size],
        baseline,
      });
    }
    report({ id: "P1", name: `invoke ${size}: ${floor}`, ...ratio(samples[floor], samples["relay-text"]), baseline: "relay-text" });
    if (size === "100 B") {
      report({ id: "P2", name: "lone invoke 100 B while messages are coalesced", ...ratio(samples.ours, samples["relay-text"]), limit: 1.1, baseline: "relay-text" });
    }
  }
}
