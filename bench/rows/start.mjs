import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchWithCache } from "../lib/chromium.mjs";
import { ratio } from "../lib/stats.mjs";
import { inTurns } from "../lib/turns.mjs";

const pages = { ours: "/", Glue42: "/glue/page.html", "empty Go program": "/empty/page.html" };
const rounds = 11;
const warmUps = 4;

/** P7: from navigation until the platform is ready; cold, and with what a browser has cached by the fifth visit. */
export async function start({ browser, port, report }) {
  const cold = await inTurns(each((path) => inNewContext(browser, port, path)), rounds);
  report({ id: "P7", name: "start, cold", ...ratio(cold.ours, cold.Glue42), limit: 0.25, baseline: "Glue42" });
  report({ id: "P7", name: "start, cold", ...ratio(cold.ours, cold["empty Go program"]), limit: 2, baseline: "empty Go program" });

  const folder = mkdtempSync(join(tmpdir(), "crossframe-bench-"));
  const cached = await launchWithCache(folder);
  const visits = each((path) => visit(cached, port, path));
  for (let i = 0; i < warmUps; i++) for (const go of Object.values(visits)) await go();
  const warm = await inTurns(visits, rounds);
  await cached.close();
  rmSync(folder, { recursive: true });
  report({ id: "P7", name: "start, cached", ...ratio(warm.ours, warm["empty Go program"]), limit: 1.3, baseline: "empty Go program" });
  report({ id: "P7", name: "start, cached", ...ratio(warm.ours, warm.Glue42), baseline: "Glue42" });
}

const each = (run) => Object.fromEntries(Object.entries(pages).map(([name, path]) => [name, () => run(path)]));

async function inNewContext(browser, port, path) {
  const context = await browser.newContext();
  try {
    return await visit(context, port, path);
  } finally {
    await context.close();
  }
}

/** Opens the page in a process of its own; returns the milliseconds from its navigation until it is ready. */
async function visit(context, port, path) {
  const page = await context.newPage();
  // The product's page tells that it is ready by naming its platform.
  await page.addInitScript(() => {
    const set = () => {
      globalThis.readyAt = performance.now();
    };
    Object.defineProperty(globalThis, "crossframe", { set });
  });
  await page.goto(`http://localhost:${port}${path}`);
  const ready = await page.waitForFunction(() => globalThis.readyAt, undefined, { polling: 20 });
  const ms = await ready.jsonValue();
  await page.close();
  return ms;
}
