import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { appSite } from "./appsite.js";
import { launchChromium } from "./chromium.js";
import { shellSite } from "./shellsite.js";
import { serveSites } from "./sites.js";
import type { Site, Sites } from "./sites.js";

const apps: Readonly<Record<string, Site>> = {
  customers: appSite("Customers", [
    ["Number", "Name", "City", "Contracts"],
    ["4711", "Ada Brandt", "Hamburg", "3"],
    ["4712", "Ben Okafor", "Leipzig", "1"],
    ["4713", "Carla Weiss", "Ulm", "5"],
    ["4714", "Deniz Aydin", "Köln", "2"],
    ["4715", "Elif Schröder", "Bremen", "4"],
  ]),
  contracts: appSite("Contracts", [
    ["Contract", "Product", "Since", "Premium"],
    ["C-20118", "Household", "2019", "184.20"],
    ["C-20977", "Liability", "2021", "61.00"],
    ["C-31450", "Legal", "2024", "239.90"],
  ]),
  claims: appSite("Claims", [
    ["Claim", "State", "Amount"],
    ["S-881", "Open", "1,240.00"],
    ["S-902", "Paid", "310.50"],
  ]),
  notes: appSite("Notes", [
    ["Note", "Date"],
    ["Called back, wants an offer for the second house", "12 Nov"],
    ["Sent the form for the change of address", "3 Nov"],
  ]),
};

/** A browser, the main page's shell at http://hub.test, and an app on a site of its own at each http://<app>.test. */
export interface WorkspaceRig {
  readonly sites: Sites;
  readonly browser: Browser;
  /** Opens the shell in a profile of its own. */
  open(options?: { colorScheme?: "light" | "dark"; width?: number; height?: number }): Promise<Page>;
  close(): Promise<void>;
}

export async function workspaceRig(): Promise<WorkspaceRig> {
  const shell = await shellSite(join(import.meta.dirname, "../pages/shell.ts"));
  const sites = await serveSites((host) => (host === "hub.test" ? shell : apps[host.replace(/\.test$/, "")]));
  const browser = await launchChromium();
  return {
    sites,
    browser,
    open: async ({ colorScheme = "light", width = 1360, height = 820 } = {}) => {
      const context = await browser.newContext({ colorScheme, viewport: { width, height } });
      const page = await context.newPage();
      await page.goto(sites.origin("hub.test"));
      await page.waitForFunction(() => "test" in window);
      return page;
    },
    close: async () => {
      await browser.close();
      await sites.close();
    },
  };
}

/** Opens the apps as frames 1, 2, … and waits until each has told its boot. */
export async function openApps(page: Page, names: readonly string[], connected = true): Promise<void> {
  await page.evaluate((list) => list.forEach((app, i) => window.test.open(i + 1, app)), names);
  await page.waitForFunction((n) => Object.keys(window.test.boots).length >= n, names.length);
  if (connected) {
    await page.evaluate((list) => list.forEach((_, i) => window.test.shell.setState(i + 1, { state: "connected" })), names);
  }
}
