import { openScene } from "../lib/chromium.mjs";
import { measure } from "../lib/pool.mjs";
import { estimate, percentile } from "../lib/stats.mjs";

const messages = 50_000;
const hosts = ["a.test", "b.test", "flood.test"];
const listenMs = 3000;
const rounds = 5;

/**
 * P8: one app posts 50,000 requests at once, past its client library, while two others call each other. Under the
 * limits as they come, the guard ends its connection; with limits raised for it, the hub serves them all.
 */
export async function flood({ browser, port, report }) {
  await flooded({ browser, port, report }, { flood: "flood.test", plain: "flood.test" }, "flood", { task: 50, others: 5 });
  await flooded({ browser, port, report }, { flood: "flood.test" }, "flood within its limits", {});
}

async function flooded({ browser, port, report }, query, what, limits) {
  const [tasks, idleTasks, slower] = [[], [], []];
  for (let round = 0; round < rounds; round++) {
    const scene = await openScene(browser, port, { path: "/", hosts, query });
    await measure(scene.caller, "roundTrips", 100, 2000);
    await scene.page.evaluate(watchMainThread);
    const idle = await measure(scene.caller, "latencies", 100, listenMs);
    idleTasks.push(await scene.page.evaluate(() => globalThis.watched()));
    await scene.page.evaluate(watchMainThread);
    const during = measure(scene.caller, "latencies", 100, listenMs);
    await scene.frames["flood.test"].evaluate((count) => globalThis.bench.app.flood(count), messages);
    slower.push(percentile(await during, 0.99) / percentile(idle, 0.99));
    tasks.push(await scene.page.evaluate(() => globalThis.watched()));
    await scene.close();
  }
  report({ id: "P8", name: `${what}: the page's longest task, ms`, ...estimate(tasks), limit: limits.task, baseline: "none" });
  report({ id: "P8", name: `${what}: longest task before it, ms`, ...estimate(idleTasks), baseline: "none" });
  report({ id: "P8", name: `${what}: p99 of others`, ...estimate(slower), limit: limits.others, baseline: "idle" });
}

/**
 * Runs in the page: watched() returns the longest time since then that a timer of the main thread had to wait, which
 * is the longest task, or the longest time that the machine had no processor for it.
 */
function watchMainThread() {
  const every = 4; // browsers make shorter timers this long
  let longest = 0;
  let due = performance.now() + every;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - due);
    due = now + every;
  }, every);
  globalThis.watched = () => {
    clearInterval(timer);
    return longest;
  };
}
