import { openScene } from "../lib/chromium.mjs";
import { measure } from "../lib/pool.mjs";
import { percentile, ratio } from "../lib/stats.mjs";
import { inTurns } from "../lib/turns.mjs";

const apps = 100;
const rounds = 9;
const listenMs = 1500;

/** P9: 100 apps, each a site and a process of its own, connected to one page; two of them call each other. */
export async function many({ browser, port, report }) {
  const few = await openScene(browser, port, { path: "/", hosts: ["a.test", "b.test"] });
  const crowd = await openScene(browser, port, { path: "/", hosts: Array.from({ length: apps }, (_, i) => `t${i}.test`) });
  const p99 = async ({ caller }) => percentile(await measure(caller, "latencies", 100, listenMs), 0.99);
  for (const scene of [few, crowd]) await measure(scene.caller, "roundTrips", 100, 2000);
  const samples = await inTurns({ few: () => p99(few), crowd: () => p99(crowd) }, rounds);
  report({ id: "P9", name: `p99 of invoke with ${apps} apps connected`, ...ratio(samples.crowd, samples.few), limit: 5, baseline: "2 apps" });
  await few.close();
  await crowd.close();
}
