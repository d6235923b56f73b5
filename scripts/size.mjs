// Says how large what travels is, against the goals, and writes build/size.json. Run after a build: node scripts/size.mjs
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const { go, wasm } = JSON.parse(await readFile("build/manifest.json", "utf8"));
const brotli = (content) => brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
const gzip = (content) => gzipSync(content, { level: 9 });

/** bundled is what an app's bundler leaves of the client library where the app imports connect from an entry. */
async function bundled(entry) {
  const stdin = { contents: `import { connect } from "./${entry}"; globalThis.hub = connect();`, resolveDir: process.cwd() };
  const { outputFiles } = await build({ stdin, bundle: true, minify: true, format: "esm", target: "es2022", write: false });
  return outputFiles[0].contents;
}

/** Limits in kB (1000 bytes), compressed as it travels. */
const goals = [
  { name: "hub.wasm, brotli", content: await readFile(`hostpage/dist${wasm.hub.url}`), pack: brotli, limit: 700 },
  { name: "hub-linked.wasm, brotli", content: await readFile(`hostpage/dist${wasm["hub-linked"].url}`), pack: brotli, limit: 1100 },
  { name: "client library with everything, gzip", content: await readFile("hostpage/dist/client/v1/client.js"), pack: gzip, limit: 10 },
  { name: "client library, core entry, gzip", content: await bundled("clientlib/src/core.ts"), pack: gzip, limit: 5 },
];

const rows = [];
for (const { name, content, pack, limit } of goals) {
  const value = Math.round(pack(content).length / 100) / 10;
  rows.push({ id: "P6", name, value, limit, baseline: "none", ok: value <= limit });
}
const cell = (text, width) => String(text).padStart(width);
console.log(`${"".padEnd(38)}${cell("kB", 8)}${cell("limit", 8)}`);
for (const { name, value, limit, ok } of rows) {
  console.log(`${name.padEnd(38)}${cell(value.toFixed(1), 8)}${cell(limit, 8)}  ${ok ? "ok" : "TOO LARGE"}`);
}
const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, load: loadavg()[0], node: process.version, go };
await mkdir("build", { recursive: true });
await writeFile("build/size.json", `${JSON.stringify({ machine, rows }, null, 2)}\n`);
