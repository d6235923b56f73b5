// Builds dist: two ES modules for npm, one minified file for a script tag, and the types; and puts the license beside
// them. Each stands alone: what it needs of the workspace's protocol package is inside of it.
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");
const { name, version, license: terms } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const banner = { js: `/*! ${name} ${version} | ${terms} */` };
const common = { absWorkingDir: here, bundle: true, target: "es2022", legalComments: "none" };

/** How large each file may be, minified and gzipped, in bytes: what it is now and 3 %. */
const limits = { "index.js": 7_760, "core.js": 6_600, "broker.js": 8_300, "client.min.js": 7_820 };

async function scripts() {
  // Constants are put in their places here; the bundler of an app cannot do that across the modules that were.
  const esm = { ...common, format: "esm", minifySyntax: true, banner };
  await build({ ...esm, entryPoints: ["src/index.ts"], outfile: join(dist, "index.js") });
  await build({ ...esm, entryPoints: ["src/core.ts"], outfile: join(dist, "core.js") });
  await build({ ...esm, entryPoints: ["src/broker.ts"], outfile: join(dist, "broker.js") });
  const script = { ...common, format: "iife", minify: true, banner };
  await build({ ...script, entryPoints: ["src/script.ts"], outfile: join(dist, "client.min.js") });
}

/** Emits the types of both packages and joins them into one folder, in which every import must find its file. */
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
    for (const [, from] of text.matchAll(/from "([^"]*)"/g)) {
      const found = from.startsWith(".") && existsSync(join(dirname(path), from.replace(/\.js$/, ".d.ts")));
      if (!found) throw new Error(`${file}: the types do not stand alone: ${from}`);
    }
    writeFileSync(path, text);
  }
}

/** Says how large each file is for the app that takes all of it. */
async function sizes() {
  for (const [file, limit] of Object.entries(limits)) {
    const options = { ...common, format: "esm", minify: true, write: false };
    const { outputFiles } = await build({ ...options, entryPoints: [join(dist, file)] });
    const { length } = outputFiles[0].contents;
    const packed = gzipSync(outputFiles[0].contents, { level: 9 }).length;
    console.log(`${file}: ${length} bytes minified, ${packed} gzipped (limit ${limit})`);
    if (packed > limit) process.exitCode = 1;
  }
}

/** npm wants the license inside of the package; the repository has it once, at its root. */
function license() {
  const source = join(here, "../LICENSE");
  if (existsSync(source)) copyFileSync(source, join(here, "LICENSE"));
  else if (process.env.npm_lifecycle_event === "prepack") throw new Error("LICENSE is missing: a package without it is not published");
}

rmSync(dist, { recursive: true, force: true });
await scripts();
types();
license();
await sizes();
