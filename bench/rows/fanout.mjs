import { measure, Pool } from "../lib/pool.mjs";
import { inTurns } from "../lib/turns.mjs";
import { ratio } from "../lib/stats.mjs";

/** Above so many the frames share sites, five on each, so that the processes fit into the machine. */
const ownSites = 10;
const fans = [
  { subscribers: 2, count: 60, rounds: 15 },
  { subscribers: 10, count: 25, rounds: 15 },
  { subscribers: 50, count: 8, rounds: 15 },
];

/** Changes before anything is measured, for each variant: until then engines still compile. */
const warmUp = { 2: 2500, 10: 800, 50: 250 };
/** Below this no hub in Go can get that tells a writer that its write is done. */
const floor = "an empty Go call, and an acknowledgement";

/** P3: a context's change of 1 kB until the last subscriber has it. */
export async function fanOut({ browser, port, report }) {
  for (const { subscribers, count, rounds } of fans) {
    const pool = new Pool(browser, port);
    const hosts = ["a.test", ...Array.from({ length: subscribers }, (_, i) => hostOf(i, subscribers))];
    const turns = {};
    for (const name of ["ours", "relay-text", floor]) {
      const caller = await pool.caller(name, hosts);
      turns[name] = () => measure(caller, "fanOut", 1000, count);
      await measure(caller, "fanOut", 1000, warmUp[subscribers]);
    }
    const samples = await inTurns(turns, rounds);
    report({ id: "P3", name: `update 1 kB to ${subscribers} subscribers`, ...ratio(samples.ours, samples["relay-text"]), limit: 1.2, baseline: "relay-text" });
    report({ id: "P3", name: `to ${subscribers} subscribers: ${floor}`, ...ratio(samples[floor], samples["relay-text"]), baseline: "relay-text" });
    await pool.close();
  }
}

const hostOf = (i, all) => (all > ownSites ? `s${i}.t${i % (all / 5)}.test` : `t${i}.test`);
