// Builds what the bench serves, from source, below build/bench/: the product's page, Worker and program with the
// settings of its own build, an empty Go program, and the page and app script of each scene.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { pageHtml } from "../../hostpage/html.mjs";

const bench = dirname(dirname(fileURLToPath(import.meta.url)));
export const root = dirname(bench);
export const out = join(root, "build", "bench");
export const scenes = ["relay", "glue", "fdc3", "penpal", "comlink"];

const alias = {
  "@crossframe/client": join(root, "clientlib/src/index.ts"),
  "@crossframe/protocol": join(root, "protocol/ts/src/index.ts"),
};
const common = { bundle: true, minify: true, format: "iife", target: "es2022", logLevel: "error", legalComments: "none" };

export async function buildSite() {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const glue = goGlue();
  goProgram("hub.wasm", "./wasm");
  goProgram("empty.wasm", "./bench/empty");
  goProgram("hop.wasm", "./bench/hop");
  await Promise.all([product({ ...alias, wasm_exec: glue }), client(), scripts(glue), emptyPage(glue), supervisor({ ...alias, wasm_exec: glue })]);
}

/** Compiles a program as it is served: without symbols and without this machine's paths. */
function goProgram(name, main) {
  const args = ["build", "-trimpath", "-ldflags=-s -w", "-o", join(out, name), main];
  execFileSync("go", args, { cwd: root, env: { ...process.env, GOOS: "js", GOARCH: "wasm" }, stdio: "inherit" });
}

function goGlue() {
  return join(execFileSync("go", ["env", "GOROOT"], { cwd: root, encoding: "utf8" }).trim(), "lib/wasm/wasm_exec.js");
}

async function product(aliases) {
  const none = '""';
  const linked = { __LINKED_WASM_URL__: none, __LINKED_WASM_INTEGRITY__: none };
  const define = { __WASM_URL__: '"/hub.wasm"', __WASM_INTEGRITY__: none, __WORKER_URL__: '"/worker.js"', ...linked };
  const settings = { ...common, outdir: out, alias: aliases, define };
  await build({ ...settings, entryPoints: { worker: join(root, "hostpage/src/runtime/worker.ts") } });
  // In parts, as in the product's own build.
  const page = await build({ ...settings, format: "esm", splitting: true, metafile: true, entryPoints: { page: join(root, "hostpage/src/main.ts") } });
  parts = Object.keys(page.metafile.outputs).map((path) => `/${basename(path)}`).filter((address) => address !== "/page.js");
  const styles = { entryPoints: [join(root, "hostpage/workspace.css")], loader: { ".svg": "dataurl" } };
  await build({ ...common, ...styles, outfile: join(out, "workspace.css") });
}

/** The parts of the page's script beside its first. */
let parts = [];

/** The client library as a script tag loads it, and its core as the bundler of an app leaves it that connects. */
async function client() {
  await build({ ...common, entryPoints: { client: join(root, "clientlib/src/script.ts") }, globalName: "crossframe", outdir: out, alias });
  const contents = 'import { connect } from "./clientlib/src/core.ts";\nglobalThis.hub = connect();';
  await build({ ...common, format: "esm", stdin: { contents, resolveDir: root }, outfile: join(out, "core.js"), alias });
}

/** The Worker's supervisor for Node, with the numbers of the protocol. */
async function supervisor(aliases) {
  const contents = 'export { Supervisor } from "./hostpage/src/runtime/supervisor.ts";\nexport * as wire from "@crossframe/protocol";';
  await build({ ...common, format: "esm", platform: "node", stdin: { contents, resolveDir: root }, outfile: join(out, "supervisor.mjs"), alias: aliases });
}

async function scripts(glue) {
  const entryPoints = { "ours/app": join(bench, "scenes/ours/app.js") };
  for (const worker of ["worker", "goworker"]) entryPoints[`relay/${worker}`] = join(bench, `scenes/relay/${worker}.js`);
  for (const scene of scenes) {
    entryPoints[`${scene}/page`] = join(bench, `scenes/${scene}/page.js`);
    entryPoints[`${scene}/app`] = join(bench, `scenes/${scene}/app.js`);
  }
  const define = { "process.env.NODE_ENV": '"production"', global: "globalThis" };
  // Modules, because they wait at their top.
  await build({ ...common, format: "esm", entryPoints, outdir: out, alias: { ...alias, wasm_exec: glue }, define });
}

async function emptyPage(glue) {
  mkdirSync(join(out, "empty"), { recursive: true });
  copyFileSync(join(bench, "scenes/empty/page.js"), join(out, "empty/page.js"));
  await build({ ...common, entryPoints: { "empty/worker": join(bench, "scenes/empty/worker.js") }, outdir: out, alias: { wasm_exec: glue } });
}

/** The main page as the product's build leaves it. */
export function mainPage() {
  const files = { styles: ["/workspace.css"], script: "/page.js", parts };
  return pageHtml(readFileSync(join(root, "hostpage/index.html"), "utf8"), files);
}
