// The browser of the bench, and scenes in it: a page with its frames, each a site of its own.
import { chromium } from "playwright-core";

const args = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--host-resolver-rules=MAP *.test 127.0.0.1", "--site-per-process", "--disable-features=LocalNetworkAccessChecks",
];
const options = { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args };
const viewport = { width: 1400, height: 900 };

export const launch = () => chromium.launch(options);

/** A browser whose cache lives in a folder. */
export const launchWithCache = (folder) => chromium.launchPersistentContext(folder, { ...options, viewport });

/** Opens a page of its own, away from the caches of others, and tells what it complains about. */
export async function openPage(browser, url) {
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(`${url}: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && console.error(`${url}: ${message.text()}`));
  await page.goto(url);
  return page;
}

/**
 * Opens a scene and waits until each of its frames is connected.
 *
 * @param hosts of the frames; the first is the caller, the others answer or subscribe
 * @returns the page, and its frames by host
 */
export async function openScene(browser, port, { path, hosts, query = {} }) {
  const search = new URLSearchParams({ ...query, frames: hosts.join(",") });
  const page = await openPage(browser, `http://localhost:${port}${path}?${search}`);
  const frames = {};
  for (const host of hosts) {
    frames[host] = await frameOf(page, host);
    await frames[host].waitForFunction(() => globalThis.bench?.ready === true, undefined, { timeout: 60_000, polling: 50 });
  }
  return { page, frames, caller: frames[hosts[0]], close: () => page.context().close() };
}

async function frameOf(page, host) {
  for (let tries = 0; tries < 1200; tries++) {
    const frame = page.frames().find((one) => one.url().startsWith(`http://${host}:`));
    if (frame) return frame;
    await page.waitForTimeout(50);
  }
  throw new Error(`${page.url()}: no frame of ${host}`);
}
