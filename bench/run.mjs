// Measures the platform against named baselines in a real browser: node bench/run.mjs [row or goal…], such as
// "invoke" or "P3"; without names everything. It prints a table, writes build/bench.json, and succeeds also where a limit is missed.
import { join } from "node:path";
import { buildSite, root } from "./lib/build.mjs";
import { launch } from "./lib/chromium.mjs";
import { Pool } from "./lib/pool.mjs";
import { heading, Report } from "./lib/report.mjs";
import { serveSite } from "./lib/site.mjs";
import { rows } from "./rows/index.mjs";

const wanted = process.argv.slice(2);
const unknown = wanted.filter((word) => !rows.some(({ name, goals }) => word === name || goals.includes(word)));
if (unknown.length > 0) {
  console.error(`there is no row ${unknown.join(", ")}; rows are ${rows.map(({ name, goals }) => `${name} (${goals})`).join(", ")}`);
  process.exit(2);
}

await buildSite();
const site = await serveSite();
const browser = await launch();
const pool = new Pool(browser, site.port);
const report = new Report();
console.log(heading);
try {
  for (const { name, goals, run } of rows) {
    const chosen = wanted.length === 0 || wanted.includes(name) || goals.some((goal) => wanted.includes(goal));
    if (!chosen) continue;
    // What was measured is written down, whatever becomes of the next row.
    await run({ browser, port: site.port, pool, report: report.add }).catch((error) => {
      console.error(`${name} could not be measured: ${error.stack}`);
      process.exitCode = 1;
    });
  }
} finally {
  await browser.close();
  site.close();
}
report.write(join(root, "build", "bench.json"));
