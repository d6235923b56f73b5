import { vi } from "vitest";
import type { Browser, Frame, Page } from "playwright-core";
import { launchChromium } from "./chromium.js";
import { crossframe } from "./crossframe.js";

/** The demo as `crossframe demo` serves it, and a browser. */
export interface DemoRig {
  /** The main page's origin. */
  readonly hub: string;
  readonly browser: Browser;
  /** Opens the main page in a profile of its own, and waits until all apps that open by themselves are connected. */
  open(): Promise<Page>;
  close(): Promise<void>;
}

/** The apps that open by themselves. */
const placed = ["customers", "contracts", "chart", "legacy"] as const;

/** Starts the demo on free ports, with the apps on sites of their own. */
export async function demoRig(...flags: readonly string[]): Promise<DemoRig> {
  const serving = crossframe("demo", "--port-base", "0", "--app-host", "*.test", "--debug", ...flags);
  const [, hub = ""] = await serving.says(/Workspace\s+(http:\S+)[\s\S]*Ctrl-C/);
  const browser = await launchChromium();
  return {
    hub,
    browser,
    open: async () => {
      const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, colorScheme: "light" });
      const page = await context.newPage();
      await page.goto(hub);
      await everyoneConnected(page);
      return page;
    },
    close: async () => {
      await browser.close();
      await serving.stop();
    },
  };
}

/** Waits until the apps that open by themselves are connected. */
export async function everyoneConnected(page: Page): Promise<void> {
  await page.waitForFunction(() => window.crossframe?.hub !== undefined);
  await page.waitForFunction(
    async (n) => {
      const instances = (await window.crossframe?.hub.apps.instances()) ?? [];
      return instances.filter(({ state }) => state === "connected").length >= n;
    },
    placed.length,
    { polling: 50 },
  );
  // The driver hears of a frame's address a little later than the hub hears of its app.
  await vi.waitUntil(() => placed.every((app) => page.frames().some((f) => isOf(f, app))), { timeout: 20_000 });
}

const isOf = (frame: Frame, app: string): boolean => frame.url().startsWith(`http://${app}.test`);

/** The frame of a demo app. */
export function appFrame(page: Page, app: string): Frame {
  const frame = page.frames().find((f) => isOf(f, app));
  if (!frame) throw new Error(`${app} has no frame`);
  return frame;
}
