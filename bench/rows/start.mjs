import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchWithCache } from "../lib/chromium.mjs";
import { ratio } from "../lib/stats.mjs";
import { inTurns } from "../lib/turns.mjs";

/**
 * Where each page is, and what says that its platform is ready: a mark of the product's own, or a time that the page
 * sets. A platform is ready when apps could connect to it.
 */
const pages = {
  ours: { path: "/", mark: "crossframe: connected" },
  "ours, with its workspace": { path: "/", mark: "crossframe: workspace stands" },
  Glue42: { path: "/glue/page.html" },
  "empty Go program": { path: "/empty/page.html" },
};
const rounds = 11;
const warmUps = 4;

/** P7: from navigation until the platform is ready; cold, and with what a browser has cached by the fifth visit. */
export async function start({ browser, port, report }) {
  const tell = (name, samples, limits) => {
    for (const baseline of ["Glue42", "empty Go program"]) {
      report({ id: "P7", name, ...ratio(samples.ours, samples[baseline]), limit: limits[baseline], baseline });
      report({ id: "P7", name: `${name}, until the workspace stands`, ...ratio(samples["ours, with its workspace"], samples[baseline]), baseline });
    }
  };
  tell("start, cold", await inTurns(each((page) => inNewContext(browser, port, page)), rounds), { Glue42: 0.25, "empty Go program": 2 });

  const folder = mkdtempSync(join(tmpdir(), "crossframe-bench-"));
  const cached = await launchWithCache(folder);
  const visits = each((page) => visit(cached, port, page));
  for (let i = 0; i < warmUps; i++) for (const go of Object.values(visits)) await go();
  const warm = await inTurns(visits, rounds);
  await cached.close();
  rmSync(folder, { recursive: true });
  tell("start, cached", warm, { "empty Go program": 1.3 });
}

const each = (run) => Object.fromEntries(Object.entries(pages).map(([name, page]) => [name, () => run(page)]));

async function inNewContext(browser, port, page) {
  const context = await browser.newContext();
  try {
    return await visit(context, port, page);
  } finally {
    await context.close();
  }
}

/** Opens the page in a process of its own; returns the milliseconds from its navigation until it is ready. */
async function visit(context, port, { path, mark }) {
  const page = await context.newPage();
  await page.goto(`http://localhost:${port}${path}`);
  const readyAt = (name) => (name ? performance.getEntriesByName(name)[0]?.startTime : globalThis.readyAt);
  const ready = await page.waitForFunction(readyAt, mark, { polling: 20 });
  const ms = await ready.jsonValue();
  await page.close();
  return ms;
}
