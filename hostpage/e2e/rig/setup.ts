import { execFile } from "node:child_process";
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

/** Builds what the tests try, once for all files. CROSSFRAME names a binary that is built already. */
export async function setup(project: TestProject): Promise<void> {
  const given = process.env["CROSSFRAME"];
  if (!given) await run("make", ["build", "BROTLI=5"], { cwd: root });
  await buildApps();
  project.provide("crossframe", given ?? join(buildDir, "crossframe"));
}
