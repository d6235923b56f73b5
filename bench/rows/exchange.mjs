import { measure } from "../lib/pool.mjs";
import { inTurns } from "../lib/turns.mjs";
import { ratio } from "../lib/stats.mjs";

const sizes = [
  { name: "100 B", bytes: 100, count: 60, rounds: 15, warmUp: 2000 },
  { name: "10 kB", bytes: 10_000, count: 30, rounds: 15, warmUp: 300 },
];
const limits = { Glue42: 1 / 8, "fdc3-web": 1 / 1.5 };

/** P5: a change to a shared context, or a broadcast on a channel, that the other app answers by one of its own. */
export async function exchange({ pool, report }) {
  const names = ["ours", "relay-text", "Glue42", "fdc3-web"];
  const callers = {};
  for (const name of names) callers[name] = await pool.caller(name);
  for (const { name: size, bytes, count, rounds, warmUp } of sizes) {
    const turns = Object.fromEntries(names.map((name) => [name, () => measure(callers[name], "exchanges", bytes, count)]));
    for (const name of names) await measure(callers[name], "exchanges", bytes, warmUp);
    const samples = await inTurns(turns, rounds);
    for (const baseline of names.slice(1)) {
      const what = baseline === "fdc3-web" ? "broadcast" : "update";
      report({ id: "P5", name: `${what} ${size}, answered by one`, ...ratio(samples.ours, samples[baseline]), limit: limits[baseline], baseline });
    }
  }
}
