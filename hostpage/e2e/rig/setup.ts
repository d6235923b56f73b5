import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { buildApps } from "./apps.js";
import { buildDir } from "./chromium.js";

const root = join(import.meta.dirname, "../../..");
const run = promisify(execFile);

declare module "vitest" {
  interface ProvidedContext {
    /** The binary under test. */
    crossframe: string;
  }
}

/**
 * Builds what the tests try: client library, main page, demo, and the binary that holds them; once for all files.
 * CROSSFRAME names a binary that is built already.
 */
export async function setup(project: TestProject): Promise<void> {
  const given = process.env["CROSSFRAME"];
  const [binary] = await Promise.all([given ? Promise.resolve(given) : build(), buildApps()]);
  project.provide("crossframe", binary);
}

async function build(): Promise<string> {
  const out = join(buildDir, "e2e", "crossframe");
  await mkdir(join(buildDir, "e2e"), { recursive: true });
  const steps: readonly (readonly [string, ...string[]])[] = [
    ["npm", "run", "build", "--workspace", "clientlib"],
    ["node", "hostpage/build.mjs"],
    ["node", "demo/build.mjs"],
    [
      "go", "run", "./broker/assets/pack", "-out", "broker/assets/dist", "-quality", "5",
      "site=hostpage/dist", "demo=demo/dist", "demo/apps.yaml=demo/apps.yaml",
    ],
    ["go", "build", "-o", out, "./broker/cmd/crossframe"],
  ];
  for (const [command, ...args] of steps) await run(command, args, { cwd: root });
  return out;
}
