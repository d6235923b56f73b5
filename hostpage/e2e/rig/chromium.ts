import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser, BrowserContext, LaunchOptions, Page } from "playwright-core";

export const buildDir = join(import.meta.dirname, "../../../build");
const screenshots = join(buildDir, "screenshots");

/**
 * Starts Chromium such that every host under .test and .invalid is this machine and each site has a process of its
 * own. Playwright switches off third-party storage partitioning, which would make storage throw in frames of other
 * sites; a later --disable-features takes its place, and holds only what loopback servers need.
 */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch(options(args));
}

/** Starts Chromium with a profile that has settings of its own, as people can make them, and opens it. */
export async function launchProfile(args: readonly string[], preferences: object): Promise<BrowserContext> {
  const folder = await mkdtemp(join(tmpdir(), "crossframe-profile-"));
  await mkdir(join(folder, "Default"));
  await writeFile(join(folder, "Default", "Preferences"), JSON.stringify({ profile: preferences }));
  const context = await chromium.launchPersistentContext(folder, options(args));
  context.once("close", () => void rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return context;
}

function options(args: readonly string[]): LaunchOptions {
  return {
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--site-per-process",
      "--host-resolver-rules=MAP *.test 127.0.0.1, MAP *.invalid 127.0.0.1",
      "--disable-features=LocalNetworkAccessChecks",
      ...args,
    ],
  };
}

/** Writes build/screenshots/<name>.png and returns its path. */
export async function screenshot(page: Page, name: string): Promise<string> {
  await mkdir(screenshots, { recursive: true });
  const path = join(screenshots, `${name}.png`);
  await page.screenshot({ path });
  return path;
}
