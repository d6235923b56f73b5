// Builds what the broker serves for the main page: hostpage/dist/ with index.html, assets/ and client/v1/.
// Run from anywhere: node hostpage/build.mjs. It needs Go beside Node, because the hub is Go.
//
// Names under assets/ hold a digest of the content, so that they can be cached for ever; the program hub.wasm and the
// glue code wasm_exec.js must be of one Go release, so the glue is bundled into the Worker and the release is checked.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { pageHtml } from "./html.mjs";

const page = dirname(fileURLToPath(import.meta.url));
const root = dirname(page);
const dist = join(page, "dist");
const cache = join(root, "build", "wasm");

/**
 * The programs, each with the prefix of the constants by which the page knows it, and packages of Go's own library that
 * a file of ours stands for.
 */
const programs = [
  { name: "hub", constant: "WASM", main: "./wasm", tags: "", instead: {} },
  { name: "hub-linked", constant: "LINKED_WASM", main: "./wasm", tags: "link", instead: { "net/http": join(page, "nethttp.go.txt") } },
];

/** Browsers that have what the page needs: WebAssembly streaming, dynamic import, private fields, Trusted Types or nothing. */
const target = ["chrome120", "firefox128", "safari17"];

/** go runs the go command and returns what it prints. What it complains about is on the screen already when it fails. */
function go(args, env = {}) {
  const { status, stdout, error } = spawnSync("go", args, {
    cwd: root,
    env: { ...process.env, ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (error) throw error;
  if (status !== 0) {
    console.error(`hostpage/build.mjs: go ${args[0]} failed`);
    process.exit(1);
  }
  return stdout.trim();
}

/** digest names content as esbuild does: eight letters of A-Z and 2-7. broker/assets knows immutable files by that. */
function digest(content) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const hash = createHash("sha256").update(content).digest();
  return Array.from(hash.subarray(0, 8), (byte) => letters[byte & 31]).join("");
}

/** put writes a file below dist and returns its address. */
async function put(name, content) {
  const path = join(dist, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return `/${name}`;
}

/** glue returns the path of wasm_exec.js in the Go release that the go command uses for this module. */
async function glue() {
  const [goroot, release] = go(["env", "GOROOT", "GOVERSION"]).split("\n");
  const path = join(goroot, "lib", "wasm", "wasm_exec.js");
  return { path, release, sha256: createHash("sha256").update(await readFile(path)).digest("hex") };
}

/** overlay writes what go build needs to take our files for packages of its library, and returns where that is. */
async function overlay(name, instead) {
  const replace = {};
  for (const [pkg, ours] of Object.entries(instead)) {
    const folder = join(go(["env", "GOROOT"]), "src", pkg);
    // "" stands for a file that is not there.
    for (const file of await readdir(folder)) if (file.endsWith(".go")) replace[join(folder, file)] = "";
    replace[join(folder, "instead.go")] = ours;
  }
  const path = join(cache, `${name}.overlay.json`);
  await writeFile(path, JSON.stringify({ Replace: replace }));
  return path;
}

/** compile builds one program and checks that it comes from the glue's release. */
async function compile({ name, main, tags, instead }, { release }) {
  const out = join(cache, `${name}.wasm`);
  await mkdir(cache, { recursive: true });
  const overlaid = await overlay(name, instead);
  go(["build", "-trimpath", "-ldflags=-s -w", `-tags=${tags}`, `-overlay=${overlaid}`, "-o", out, main], { GOOS: "js", GOARCH: "wasm" });
  const content = await readFile(out);
  if (!content.includes(release)) {
    throw new Error(`${relative(root, out)} was not made by ${release}, whose wasm_exec.js the Worker gets: remove it and build again`);
  }
  return content;
}

/** Settings of every bundle. */
const bundle = { outdir: join(dist, "assets"), bundle: true, write: false, minify: true, format: "esm", target, legalComments: "none", logLevel: "warning" };

/** script bundles an entry point and returns what it became: the address of its script, and of its style sheet if it has one. */
async function script(entry, name, define, more = {}) {
  const { outputFiles } = await build({ ...bundle, entryPoints: { [name]: join(page, entry) }, define, ...more });
  const addresses = {};
  for (const file of outputFiles) {
    const [stem, kind] = basename(file.path).split(/\.(?=[^.]+$)/);
    addresses[kind] = await put(`assets/${stem}.${digest(file.contents)}.${kind}`, file.contents);
  }
  return addresses;
}

/**
 * pageScript bundles the page's script in parts: what starts the hub, and what comes later. They name each other, so
 * that esbuild gives the names. It returns the address of the first, those of the others, and those of style sheets.
 */
async function pageScript(define) {
  const names = "[name].[hash]";
  const { outputFiles, metafile } = await build({
    ...bundle,
    entryPoints: { page: join(page, "src/main.ts") },
    define,
    splitting: true,
    metafile: true,
    entryNames: names,
    chunkNames: names,
    assetNames: names,
    absWorkingDir: root,
  });
  const found = { script: "", parts: [], styles: [] };
  for (const file of outputFiles) {
    const address = await put(`assets/${basename(file.path)}`, file.contents);
    if (address.endsWith(".css")) found.styles.push(address);
    else if (metafile.outputs[relative(root, file.path)].entryPoint === "hostpage/src/main.ts") found.script = address;
    else found.parts.push(address);
  }
  return found;
}

/** client puts the client library where apps load it: under its lasting name, and under one that never changes its meaning. */
async function client() {
  const sources = { "client.js": "client.min.js", "index.js": "index.js" };
  for (const [name, source] of Object.entries(sources)) {
    const content = await readFile(join(root, "clientlib", "dist", source)).catch(() => {
      throw new Error(`clientlib/dist/${source} is missing: run npm run build --workspace clientlib first`);
    });
    await put(`client/v1/${name}`, content);
    await put(`client/v1/${name.replace(".js", `.${digest(content)}.js`)}`, content);
  }
}

const release = await glue();
const compiled = [];
for (const program of programs) compiled.push([program, await compile(program, release)]);
// From here on little can fail; an earlier build stays until then.
await rm(dist, { recursive: true, force: true });
const manifest = { go: release.release, wasmExecSha256: release.sha256, wasm: {} };
const define = {};
for (const [program, content] of compiled) {
  const url = await put(`assets/${program.name}.${digest(content)}.wasm`, content);
  const integrity = `sha384-${createHash("sha384").update(content).digest("base64")}`;
  manifest.wasm[program.name] = { url, integrity, bytes: content.length };
  define[`__${program.constant}_URL__`] = JSON.stringify(url);
  define[`__${program.constant}_INTEGRITY__`] = JSON.stringify(integrity);
}
// The Worker is a classic script: the glue expects to be one, and a module Worker would load it no faster.
const worker = await script("src/runtime/worker.ts", "worker", define, { format: "iife", alias: { wasm_exec: release.path } });
define.__WORKER_URL__ = JSON.stringify(worker.js);
const main = await pageScript(define);
const style = await script("workspace.css", "workspace", {});
const html = await readFile(join(page, "index.html"), "utf8");
await put("index.html", pageHtml(html, { ...main, styles: [style.css, ...main.styles] }));
await client();
Object.assign(manifest, { worker: worker.js, page: main.script, style: style.css });
await mkdir(join(root, "build"), { recursive: true });
await writeFile(join(root, "build", "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
