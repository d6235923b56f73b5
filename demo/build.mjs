// Builds the demo apps: demo/src/<app>/ becomes the static folder demo/dist/<app>/ with index.html, app.js and
// style.css. Run from the repository's root: node demo/build.mjs
import { cp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Apps with modules. The legacy page has none: its script is served as it was written. */
const apps = ["customers", "contracts", "chart", "blocked", "prices"];

await rm(here("dist"), { recursive: true, force: true });
await build({
  entryPoints: [
    ...apps.flatMap((app) => [here(`src/${app}/app.ts`), here(`src/${app}/style.css`)]),
    here("src/legacy/style.css"),
  ],
  outbase: here("src"),
  outdir: here("dist"),
  bundle: true,
  format: "esm",
  target: ["chrome120", "firefox128", "safari17"],
  // From its sources, so that the demo shows the library as it is now, built or not.
  alias: { "@crossframe/client": here("../clientlib/src/index.ts") },
  // Not minified: the demo is there to be read, in the browser's tools too.
  minify: false,
  logLevel: "warning",
});
for (const app of [...apps, "legacy"]) await cp(here(`src/${app}/index.html`), here(`dist/${app}/index.html`));
await cp(here("src/legacy/app.js"), here("dist/legacy/app.js"));
// These two hold a copy of uPlot, whose licence wants to be beside it.
for (const app of ["chart", "prices"]) await cp(here("../node_modules/uplot/LICENSE"), here(`dist/${app}/uplot.LICENSE.txt`));
