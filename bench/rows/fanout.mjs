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

/** P3: a context's change of 1 kB until the last subscriber has it. */
export async function fanOut({ browser, port, report }) {
  for (const { subscribers, count, rounds } of fans) {
    const pool = new Pool(browser, port);
    const hosts = ["a.test", ...Array.from({ length: subscribers }, (_, i) => hostOf(i, subscribers))];
    const turns = {};
    for (const name of ["ours", "relay-text"]) {
      const caller = await pool.caller(name, hosts);
      turns[name] = () => measure(caller, "fanOut", 1000, count);
      for (let i = 0; i < 5; i++) await turns[name]();
    }
    const samples = await inTurns(turns, rounds);
    report({ id: "P3", name: `update 1 kB to ${subscribers} subscribers`, ...ratio(samples.ours, samples["relay-text"]), limit: 1.2, baseline: "relay-text" });
    await pool.close();
  }
}

const hostOf = (i, all) => (all > ownSites ? `s${i}.t${i % (all / 5)}.test` : `t${i}.test`);
