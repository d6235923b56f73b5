import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { screenshot } from "./rig/chromium.js";
import { appFrame, demoRig, everyoneConnected } from "./rig/demo.js";
import type { DemoRig } from "./rig/demo.js";

// What the demo shows, as a person would see it: with the mouse and the keyboard, in the page that the binary serves.

let rig: DemoRig;
let page: Page;
/** What the browser and the pages complained of. */
let complaints: string[];

beforeAll(async () => {
  rig = await demoRig();
});
afterAll(() => rig.close());
beforeEach(async () => {
  page = await rig.open();
  complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
});
afterEach(async () => {
  await page.context().close();
  expect(complaints).toEqual([]);
});

const tab = (title: string) => page.locator("[role=tab]", { hasText: title });
const chart = (id: string): Promise<string> => appFrame(page, "chart").locator(id).innerText();

/** Chooses a customer in the list by its place, and returns name and number. */
async function choose(place: number): Promise<{ name: string; id: string }> {
  const row = appFrame(page, "customers").locator("#grid [role=row][data-id]").nth(place);
  const id = (await row.getAttribute("data-id")) ?? "";
  const name = await row.locator("[role=gridcell]").nth(1).innerText();
  await row.click();
  return { name, id };
}

/** Which customer each app shows. */
async function shown(): Promise<Record<string, string>> {
  const text = (app: string, id: string): Promise<string> => appFrame(page, app).locator(id).innerText({ timeout: 5_000 });
  return {
    customers: await text("customers", "#name"),
    contracts: await text("contracts", "#subject"),
    chart: (await appFrame(page, "chart").locator("#title").textContent()) ?? "",
    legacy: await appFrame(page, "legacy").locator("#id").inputValue(),
  };
}

/** Waits until all apps show a customer. */
async function everyoneShows({ name, id }: { name: string; id: string }): Promise<void> {
  await expect
    .poll(shown, { timeout: 10_000 })
    .toEqual({ customers: `${name} · ${id}`, contracts: `${name} · ${id}`, chart: name, legacy: id });
}

/** What is visible of the arrangement: the tabs of each group, in reading order. */
const groups = (): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll("[role=tablist]")]
      .map((list) => ({ at: list.getBoundingClientRect(), text: [...list.querySelectorAll(".cf-tab-title")].map((t) => t.textContent).join(" | ") }))
      .filter(({ at }) => at.width > 0)
      .sort((a, b) => a.at.left - b.at.left || a.at.top - b.at.top)
      .map(({ text }) => text),
  );

/** Chooses an entry of the palette, as people do. */
async function palette(words: string): Promise<void> {
  await page.locator(".cf-brand").click(); // While an app has the keyboard, the page gets no keys.
  await page.keyboard.press("Control+K");
  await page.keyboard.type(words);
  await expect.poll(() => page.locator("#cf-palette-list [role=option]").first().innerText()).toContain(words);
  await page.keyboard.press("Enter");
}

test("choosing a customer in one app moves the others, in both directions", async () => {
  await everyoneShows(await choose(3));
  await screenshot(page, "demo-chosen");
  await everyoneShows(await choose(5));

  const contracts = appFrame(page, "contracts");
  await contracts.locator("#search").fill("MOT-47");
  const found = contracts.locator("button.contract").nth(2);
  const holder = await contracts.locator("#contracts tr").nth(2).locator("td").nth(1).innerText();
  await found.click();
  await expect.poll(async () => (await shown())["customers"]).toContain(holder);
});

test("Contracts calls Customers, and Customers calls Contracts", async () => {
  const { name, id } = await choose(4);
  await expect.poll(() => appFrame(page, "customers").locator("#summary").innerText()).toMatch(/active of \d+/);
  await expect.poll(() => appFrame(page, "contracts").locator("#status").innerText()).toContain(`summary of ${id} for customers`);
  await everyoneShows({ name, id });
  const contracts = appFrame(page, "contracts");
  await contracts.locator("button", { hasText: "Show holder" }).first().click();
  await expect.poll(() => contracts.locator("#holder-name").innerText()).toBe(`${name} · ${id}`);
  expect(await contracts.locator("#holder-facts").innerText()).toMatch(/Mail[\s\S]*@/);
  await screenshot(page, "demo-holder");
});

test("an old page with one script tag takes part: it writes a note, and fetches a picture", async () => {
  const legacy = appFrame(page, "legacy");
  await choose(2);
  await tab("Master data").click();
  await legacy.locator("#text").fill("Called back");
  await legacy.locator("button", { hasText: "Share note" }).click();
  await expect.poll(() => appFrame(page, "customers").locator("#note").innerText()).toContain("Called back");
  await legacy.locator("#picture").click();
  await expect.poll(() => legacy.locator("#answer").innerText()).toMatch(/^PNG file, \d{4,} bytes$/);
  await screenshot(page, "demo-legacy");
});

test("dragging Chart to another place moves it, and does not load it anew", async () => {
  const boot = await chart("#boot");
  const clock = await chart("#clock");
  const before = await groups();
  const from = await tab("Chart").boundingBox();
  const to = await page.locator("iframe[title=Customers]").boundingBox();
  if (!from || !to) throw new Error("tab and target must be visible");
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  // The first moves stay on the tab, as they do when a person drags: there the browser decides that it is a drag.
  const start = { x: from.x + from.width / 2, y: from.y + from.height / 2 };
  const end = { x: to.x + to.width / 2, y: to.y + to.height - 30 };
  for (const part of [0.01, 0.02, 0.1, 0.3, 0.6, 0.9, 0.98, 1, 1]) {
    await page.mouse.move(start.x + (end.x - start.x) * part, start.y + (end.y - start.y) * part);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  await page.mouse.up();
  await expect.poll(groups).not.toEqual(before);
  expect((await tab("Chart").boundingBox())?.x).toBeLessThan(from.x);
  expect(await chart("#boot")).toBe(boot);
  await expect.poll(() => chart("#clock")).not.toBe(clock);
  expect((await chart("#clock")) > clock).toBe(true);
  await everyoneShows(await choose(6));
  await screenshot(page, "demo-dragged");
});

test("the hub's program is killed, and everything follows again", async () => {
  await everyoneShows(await choose(3));
  await palette("Kill the hub's program");
  await expect.poll(() => page.locator(".cf-toast").allInnerTexts()).toContainEqual(expect.stringContaining("restarted"));
  await screenshot(page, "demo-killed");
  await everyoneShows(await choose(7));
  await page.evaluate(() => window.crossframe?.crash());
  await everyoneShows(await choose(4));
  const customers = appFrame(page, "customers");
  await expect.poll(() => customers.locator("#summary").innerText()).toMatch(/active of \d+/);
  expect(await customers.locator("#status").innerText()).toContain("connected as");
});

test("an app that is loaded anew follows again, and knows what the others are about", async () => {
  const chosen = await choose(5);
  await everyoneShows(chosen);
  await appFrame(page, "contracts").evaluate(() => location.reload());
  await appFrame(page, "contracts").waitForLoadState();
  await everyoneShows(chosen);
  await everyoneShows(await choose(2));
});

test("the page is loaded anew: the same arrangement, the same customer", async () => {
  const chosen = await choose(6);
  await everyoneShows(chosen);
  await tab("Master data").click();
  await palette("Float panel");
  const before = await groups();
  expect(before.length).toBeGreaterThan(3);
  await page.reload();
  await everyoneConnected(page);
  expect(await groups()).toEqual(before);
  await everyoneShows(chosen);
  await everyoneShows(await choose(1));
  await screenshot(page, "demo-reloaded");
});

test("a blocked app is refused, and both the panel and the app say why", async () => {
  await page.locator(".cf-add").click();
  await page.keyboard.type("Blocked");
  await page.keyboard.press("Enter");
  const card = page.locator(".cf-card", { hasText: "was not admitted" });
  await expect.poll(() => card.innerText(), { timeout: 10_000 }).toMatch(/ORIGIN_BLOCKED[\s\S]*block list/);
  await screenshot(page, "demo-blocked");
  await card.locator("button", { hasText: "Show the page" }).click();
  expect(await appFrame(page, "blocked").locator("#headline").innerText()).toBe("Refused");
  expect(await appFrame(page, "blocked").locator("#code").innerText()).toBe("ORIGIN_BLOCKED");
  await screenshot(page, "demo-blocked-page");
  await everyoneShows(await choose(3));
});
