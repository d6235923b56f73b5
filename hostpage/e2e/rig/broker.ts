import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "./chromium.js";
import { crossframe, freePort } from "./crossframe.js";
import type { Serving } from "./crossframe.js";

/** A server with a broker, at one address, that can be stopped and started; and a browser. */
export interface BrokerRig {
  readonly hub: string;
  readonly browser: Browser;
  /** Opens the main page as a development user, in a profile of its own, and waits until its hub has the broker. */
  open(user: string): Promise<Page>;
  /** Ends the server as an operator does, or as a crash does. */
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a workspace with the users anna and ben of one tenant and olga of another. Names are shared by their beginnings. */
export async function brokerRig(): Promise<BrokerRig> {
  const folder = await mkdtemp(join(tmpdir(), "crossframe-e2e-"));
  const port = await freePort();
  const hub = `http://localhost:${port}`;
  const users = [
    { id: "anna", tenant: "acme", groups: ["claims"] },
    { id: "ben", tenant: "acme" },
    { id: "olga", tenant: "other" },
  ];
  const file = join(folder, "crossframe.json");
  const config = {
    listen: `127.0.0.1:${port}`,
    opsListen: "",
    publicOrigins: [hub],
    page: { debug: true },
    store: { dir: join(folder, "store") },
    identity: { development: { users } },
    sharing: [
      { scope: "user", contexts: ["mine*"], methods: ["mine*"] },
      { scope: "group:claims", contexts: ["claims*"] },
      { scope: "tenant", contexts: ["team*"], methods: ["team*"] },
    ],
  };
  await writeFile(file, JSON.stringify(config));
  let serving: Serving | undefined;
  const start = async (): Promise<void> => {
    serving = crossframe("serve", "--config", file);
    await serving.says(/started/);
  };
  await start();
  const browser = await launchChromium();
  return {
    hub,
    browser,
    start,
    stop: async (signal) => {
      await serving?.stop(signal);
      serving = undefined;
    },
    open: async (user) => {
      const context = await browser.newContext({ viewport: { width: 1200, height: 800 } });
      const page = await context.newPage();
      await page.goto(`${hub}/?user=${user}`);
      await page.waitForFunction(() => window.crossframe?.hub !== undefined);
      await connected(page);
      return page;
    },
    close: async () => {
      await browser.close();
      await serving?.stop();
      await rm(folder, { recursive: true });
    },
  };
}

/** What the page says of its broker: "Connected", "Not reachable", … */
export const brokerState = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const term = [...document.querySelectorAll("#cf-status dt")].find((dt) => dt.textContent === "Broker");
    return term?.nextElementSibling?.textContent ?? "";
  });

/** Waits until the page says that its hub has the broker. */
export async function connected(page: Page): Promise<void> {
  await page.waitForFunction(
    () => [...document.querySelectorAll("#cf-status dt")].some((dt) => dt.textContent === "Broker" && dt.nextElementSibling?.textContent === "Connected"),
    undefined,
    { timeout: 60_000 },
  );
}
