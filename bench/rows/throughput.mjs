import { measure } from "../lib/pool.mjs";
import { inTurns } from "../lib/turns.mjs";
import { ratio } from "../lib/stats.mjs";

const flight = 64;
const sizes = [
  { name: "100 B", bytes: 100, count: 3000, rounds: 15, limit: 4 },
  { name: "10 kB", bytes: 10_000, count: 600, rounds: 15, limit: 0.95 },
];

/** P2: calls a second with 64 in flight; more is better. */
export async function throughput({ pool, report }) {
  const names = ["ours", "relay-text"];
  const callers = {};
  for (const name of names) callers[name] = await pool.caller(name);
  for (const { name: size, bytes, count, rounds, limit } of sizes) {
    const turns = Object.fromEntries(names.map((name) => [name, () => measure(callers[name], "throughput", bytes, count, flight)]));
    for (const name of names) await turns[name]();
    const samples = await inTurns(turns, rounds);
    report({ id: "P2", name: `throughput ${size}, ${flight} in flight`, ...ratio(samples.ours, samples["relay-text"]), limit, atLeast: true, baseline: "relay-text" });
  }
}
