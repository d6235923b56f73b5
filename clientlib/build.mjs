// Builds dist: an ES module for npm, one minified file for a script tag, and the types. Each stands alone: what it
// needs of the workspace's protocol package is inside of it.
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const { name, version, license } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const banner = { js: `/*! ${name} ${version} | ${license} */` };
const common = { absWorkingDir: here, bundle: true, target: "es2022", legalComments: "none" };

/** The goal for everything together, minified and gzipped, in bytes. */
const limit = 10_000;

async function scripts() {
  await build({ ...common, entryPoints: ["src/index.ts"], format: "esm", banner, outfile: join(dist, "index.js") });
  await build({
    ...common,
    entryPoints: ["src/script.ts"],
    format: "iife",
    globalName: "crossframe",
    minify: true,
    banner,
    outfile: join(dist, "client.min.js"),
  });
}

/** Emits the types of both packages and joins them into one folder. */
function types() {
  const tsc = join(here, "../node_modules/.bin/tsc");
  execFileSync(tsc, ["-p", join(here, "tsconfig.types.json")], { stdio: "inherit" });
  const emitted = join(dist, "emitted");
  const target = join(dist, "types");
  cpSync(join(emitted, "clientlib/src"), target, { recursive: true });
  cpSync(join(emitted, "protocol/ts/src"), join(target, "protocol"), { recursive: true });
  rmSync(emitted, { recursive: true });
  for (const file of readdirSync(target, { recursive: true }).filter((file) => file.endsWith(".d.ts"))) {
    const path = join(target, file);
    const up = relative(dirname(path), target) || ".";
    const text = readFileSync(path, "utf8").replaceAll('"@crossframe/protocol"', `"${up}/protocol/index.js"`);
    const foreign = /from "(?!\.)[^"]*"/.exec(text);
    if (foreign) throw new Error(`${file}: the types do not stand alone: ${foreign[0]}`);
    writeFileSync(path, text);
  }
}

async function report() {
  const { outputFiles } = await build({ ...common, entryPoints: [join(dist, "index.js")], format: "esm", minify: true, write: false });
  const sizes = [
    ["module, minified", outputFiles[0].contents],
    ["script tag", readFileSync(join(dist, "client.min.js"))],
  ];
  for (const [what, bytes] of sizes) {
    const packed = gzipSync(bytes, { level: 9 }).length;
    console.log(`${what}: ${bytes.length} bytes, ${packed} gzipped (limit ${limit})`);
    if (packed > limit) process.exitCode = 1;
  }
}

rmSync(dist, { recursive: true, force: true });
await scripts();
types();
await report();
