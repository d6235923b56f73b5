import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Page } from "playwright-core";
import type { HubStatus } from "../src/ui/status.js";
import { openApps, workspaceRig } from "./rig/workspace.js";
import type { WorkspaceRig } from "./rig/workspace.js";

// The workspace in a real browser, with the main page and each app on a site of its own and under the policy that
// the page is really sent with. Each app posts a random id when it boots: one id means that it never reloaded.

let rig: WorkspaceRig;
let page: Page;
/** What the browser said against the page's policy. */
let complaints: string[];

beforeAll(async () => {
  rig = await workspaceRig();
});
afterAll(() => rig.close());
beforeEach(async () => {
  page = await rig.open();
  complaints = [];
  page.on("console", (m) => {
    if (m.type() === "error" && /Content Security Policy|Trusted/.test(m.text())) complaints.push(m.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
});
afterEach(() => page.context().close());

const apps = ["customers", "contracts", "claims", "notes"];

const tab = (app: string) => page.locator("[role=tab]", { hasText: new RegExp(app, "i") });
const boots = (): Promise<Record<string, string[]>> => page.evaluate(() => window.test.boots);
const calls = (): Promise<readonly (readonly unknown[])[]> => page.evaluate(() => window.test.calls);
/** What is visible of the arrangement: the tab titles of each group, in reading order. */
const groups = (): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll("[role=tablist]")]
      .filter((list) => list.getBoundingClientRect().width > 0)
      .map((list) => ({ at: list.getBoundingClientRect(), text: [...list.querySelectorAll(".cf-tab-title")].map((t) => t.textContent).join("|") }))
      .sort((a, b) => a.at.top - b.at.top || a.at.left - b.at.left)
      .map((g) => g.text),
  );
const settle = (): Promise<void> => page.waitForTimeout(150);
const saved = (): Promise<string> => page.evaluate(() => localStorage.getItem("test.workspace") ?? "");

/** Chooses a command in the palette, as people do. */
async function command(title: string): Promise<void> {
  const palette = page.locator("dialog.cf-palette[open]");
  await palette.waitFor({ state: "detached" });
  // A key that is pressed while the focus moves may go nowhere; people press it again.
  for (let tries = 0; ; tries++) {
    await page.keyboard.press("Control+K");
    try {
      await palette.waitFor({ timeout: 4_000 });
      break;
    } catch (error) {
      if (tries === 4) throw error;
    }
  }
  await page.keyboard.type(title);
  await page.keyboard.press("Enter");
  await palette.waitFor({ state: "detached" });
  await settle();
}

async function drag(app: string, to: { x: number; y: number }): Promise<void> {
  const box = await tab(app).boundingBox();
  if (!box) throw new Error(`drag ${app}: its tab is not visible`);
  const from = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  // A drag of HTML5 begins, and finds its targets, only with moves that take time.
  for (let step = 1; step <= 12; step++) {
    await page.mouse.move(from.x + ((to.x - from.x) * step) / 12, from.y + ((to.y - from.y) * step) / 12);
    await page.waitForTimeout(20);
  }
  await page.mouse.up();
  await settle();
}

test("no frame reloads, whatever is done to the arrangement", async () => {
  await openApps(page, apps);
  const first = await boots();
  expect(Object.values(first).map((ids) => ids.length)).toEqual([1, 1, 1, 1]);
  expect(await groups()).toEqual(["Customers", "Contracts", "Claims", "Notes"]);
  const field = page.frameLocator('iframe[title="Claims"]').getByLabel("Search");
  await field.fill("half a word");

  const unchanged = async (what: string): Promise<void> => {
    await settle();
    expect(await boots(), what).toEqual(first);
  };

  await tab("notes").click();
  await command("Move panel up");
  expect(await groups()).toEqual(["Customers", "Contracts|Notes", "Claims"]);
  await unchanged("move to another group");

  await tab("contracts").click();
  await tab("notes").click();
  await unchanged("tab switch");

  await command("Split panel off down");
  expect(await groups()).toEqual(["Customers", "Contracts", "Claims", "Notes"]);
  await unchanged("split");

  await command("Float panel");
  expect(await page.locator(".dv-resize-container").count()).toBe(1);
  await unchanged("float");

  await command("Maximise panel");
  await unchanged("maximise");
  await command("Restore panel");
  await unchanged("restore");

  await drag("claims", { x: 1320, y: 700 });
  expect(await groups()).not.toEqual(["Customers", "Contracts", "Claims", "Notes"]);
  await unchanged("real mouse drag to split");
  const target = await tab("customers").boundingBox();
  if (!target) throw new Error("no tab");
  await drag("claims", { x: target.x + target.width + 60, y: target.y + target.height / 2 });
  expect((await groups())[0]).toBe("Customers|Notes|Claims");
  await unchanged("real mouse drag into tabs");

  await command("Reset layout");
  expect(await groups()).toEqual(["Customers|Notes", "Contracts", "Claims"]);
  await unchanged("load a layout");
  await page.setViewportSize({ width: 900, height: 700 });
  await unchanged("resize");
  expect(await field.inputValue()).toBe("half a word");
  expect(complaints).toEqual([]);
});

test("a workspace comes back: places first, then the apps under their instance ids", async () => {
  await openApps(page, apps);
  await tab("notes").click();
  await command("Move panel up");
  await command("Float panel");
  const before = await groups();
  await page.waitForFunction(() => /"floats":\[\{/.test(localStorage.getItem("test.workspace") ?? ""));
  const text = await saved();

  await page.reload();
  await page.waitForFunction(() => "test" in window);
  expect(await groups(), "before any frame is there").toEqual(before);
  expect(await page.locator("iframe").count()).toBe(0);
  await expect.poll(() => page.getByText("Waiting to start Customers").count()).toBe(1);
  expect(await page.evaluate(() => window.test.shell.restored?.instances.map((i) => [i.instance, i.app]))).toEqual(
    apps.map((a) => [`${a}-1`, a]),
  );

  await openApps(page, apps);
  expect(await groups()).toEqual(before);
  expect(Object.values(await boots()).map((b) => b.length), "each booted once").toEqual([1, 1, 1, 1]);
  await expect.poll(async () => (JSON.parse(await saved()) as { layout: unknown }).layout).toEqual((JSON.parse(text) as { layout: unknown }).layout);
});

test("a workspace that cannot be read is put aside and said so", async () => {
  await page.evaluate(() => localStorage.setItem("test.workspace", '{"version":1,"layout":{"version":1,"root":{"kind":"tabs","panels":["a","a"]}},"instances":[]}'));
  await page.reload();
  await expect.poll(() => page.getByText("The saved workspace could not be read").count()).toBeGreaterThan(0);
  expect(await page.evaluate(() => localStorage.getItem("test.workspace.broken"))).toContain('["a","a"]');
  expect(await page.getByRole("heading", { name: "Put your first apps side by side" }).isVisible()).toBe(true);
});

test("frames are sandboxed, numbered by their windows, and addressed by exact origin", async () => {
  await openApps(page, ["customers"]);
  await page.evaluate(() => window.test.open(2, "contracts", { url: `http://contracts.test:${location.port}/nests` }));
  await page.waitForFunction(() => window.test.boots["Contracts"]?.length === 2);
  const attributes = await page.locator('iframe[title="Customers"]').evaluate((f) => Object.fromEntries(f.getAttributeNames().map((n) => [n, f.getAttribute(n)])));
  expect(attributes).toEqual({
    allow: "",
    referrerpolicy: "strict-origin",
    sandbox: "allow-scripts allow-same-origin allow-forms allow-popups allow-modals allow-downloads",
    src: `${rig.sites.origin("customers.test")}/`,
    title: "Customers",
  });
  expect(await page.evaluate(() => window.test.senders)).toEqual({ Customers: { frame: 1, window: 0 }, Contracts: { frame: 2, window: 1 } });

  const challenge = (frame: number, window: number, origin: string): Promise<boolean> =>
    page.evaluate((c) => globalThis.window.test.shell.challenge(c.frame, { nonce: `${c.frame}.${c.window}`, window: c.window, origin: c.origin }), { frame, window, origin });
  expect(await challenge(1, 0, rig.sites.origin("customers.test"))).toBe(true);
  expect(await challenge(2, 1, rig.sites.origin("contracts.test"))).toBe(true);
  expect(await challenge(1, 0, rig.sites.origin("contracts.test")), "posted, and dropped by the browser").toBe(true);
  for (const origin of ["*", "null", "", "http://customers.test/path"]) expect(await challenge(1, 0, origin), origin).toBe(false);
  expect(await challenge(2, 7, rig.sites.origin("contracts.test")), "no such window").toBe(false);
  await settle();
  expect(await page.evaluate(() => window.test.heard)).toEqual([
    { crossframe: "CHALLENGE", nonce: "1.0" },
    { crossframe: "CHALLENGE", nonce: "2.1" },
  ]);
});

test("what the browser blocks is told with the origin", async () => {
  const failed = async (): Promise<unknown[]> => (await calls()).filter(([name]) => name === "failed").map(([, ...rest]) => rest);
  await page.evaluate(() => window.test.open(1, "customers", { url: "http://evil.invalid/" }));
  await expect.poll(failed).toEqual([[1, { code: "APP_FAILED", message: expect.stringMatching(/^blocked http:\/\/evil\.invalid: .*frame-src/) }]]);
  await page.evaluate(() => window.test.open(2, "notes", { url: `http://notes.test:${location.port}/leaves` }));
  await expect.poll(async () => (await failed())[1]).toEqual([2, { code: "APP_FAILED", message: expect.stringMatching(/^blocked http:\/\/evil\.invalid: the app/) }]);
  expect(await page.getByText("Blocked origin http://evil.invalid").count()).toBeGreaterThan(0);
});

test("a frame of the page's own origin, and one that could replace the page, are not made", async () => {
  await page.evaluate(() => {
    window.test.open(1, "customers", { url: `${location.origin}/` });
    window.test.open(2, "notes", { sandbox: ["allow-scripts", "allow-top-navigation"] });
    window.test.open(3, "claims", { url: `${location.origin}/`, sandbox: ["allow-scripts"] });
  });
  await settle();
  expect(await page.locator("iframe").count()).toBe(1);
  const alerts = await page.getByRole("alert").allInnerTexts();
  expect(alerts.join("\n")).toContain("main page's own origin");
  expect(alerts.join("\n")).toContain("allow-top-navigation");
});

test("an app that refuses to be framed loads an error page, and the hub's word on it comes with a hint", async () => {
  await page.evaluate(() => window.test.open(1, "claims", { url: `http://claims.test:${location.port}/refuses` }));
  await expect.poll(async () => (await calls()).map(([name]) => name)).toContain("loaded");
  await page.evaluate(() => window.test.shell.setState(1, { state: "failed", reason: { code: "APP_FAILED", message: "nothing connected within 20 s" } }));
  const alert = page.getByRole("alert").filter({ hasText: "Claims did not start" });
  expect(await alert.innerText()).toMatch(/X-Frame-Options[\s\S]*frame-ancestors http:\/\/hub\.test/);

  await alert.getByRole("button", { name: "Retry" }).click();
  await expect.poll(async () => (await calls()).at(-1)).toEqual(["loaded", 1]);
  expect(await calls()).toContainEqual(["retry", 1, "claims-1"]);
  await page.evaluate(() => window.test.shell.setState(1, { state: "failed", reason: { code: "APP_FAILED", message: "again" } }));
  await page.getByRole("button", { name: "Close", exact: true }).click();
  await expect.poll(async () => (await calls()).at(-1)).toEqual(["removed", 1, "claims-1"]);
  expect(await page.locator("iframe").count()).toBe(0);
});

test("retry and restart load the app anew in the same place", async () => {
  await openApps(page, apps);
  await tab("contracts").click();
  const before = await groups();
  await command("Restart app");
  await expect.poll(async () => (await boots())["Contracts"]?.length).toBe(2);
  expect(await groups()).toEqual(before);
  expect((await boots())["Customers"]).toHaveLength(1);
  expect(await page.evaluate(() => window.test.senders["Contracts"])).toEqual({ frame: 2, window: 0 });
});

test("an app that is opened again comes to the front as it is; one that is over begins anew", async () => {
  await openApps(page, ["customers", "contracts"]);
  await tab("contracts").click();
  await page.evaluate(() => window.test.open(1, "customers"));
  await expect.poll(async () => (JSON.parse((await saved()) || "{}") as { layout?: { focused?: string } }).layout?.focused).toBe("customers-1");
  expect((await boots())["Customers"]).toHaveLength(1);

  await page.evaluate(() => {
    window.test.shell.setState(1, { state: "gone" });
    window.test.open(1, "customers");
  });
  await expect.poll(async () => (await boots())["Customers"]?.length).toBe(2);
});

test("everything can be done by keys", async () => {
  await openApps(page, apps);
  await page.evaluate((port) => window.test.attach([{ name: "claims", title: "Claims desk", url: `http://claims.test:${port}/` }, { name: "broken", url: "http://b.test/" }, { name: "secret", url: "http://s.test/", hidden: true }]), rig.sites.port);
  const focused = (): Promise<string | null> => page.evaluate(() => document.activeElement?.querySelector(".cf-tab-title")?.textContent ?? null);

  await page.keyboard.press("F6");
  expect(await focused()).toBe("Customers");
  await page.keyboard.press("F6");
  expect(await focused()).toBe("Contracts");
  await page.keyboard.press("Shift+F6");
  expect(await focused()).toBe("Customers");
  await page.keyboard.press("Alt+Shift+ArrowRight");
  await settle();
  expect(await groups()).toEqual(["Claims", "Contracts|Customers", "Notes"]);
  await page.keyboard.press("F6");
  await page.keyboard.press("Shift+F6");
  await page.keyboard.press("Control+]");
  expect(await focused()).toBe("Contracts");
  await page.keyboard.press("Backspace");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("title")), "Enter goes into the app").toBe("Contracts");

  await tab("notes").click();
  await tab("notes").press("Delete");
  await expect.poll(async () => (await calls()).at(-1)).toEqual(["removed", 4, "notes-1"]);

  await page.keyboard.press("Alt+Shift+N");
  expect(await page.getByRole("option").allInnerTexts()).toEqual([expect.stringContaining("Claims desk"), expect.stringContaining("broken")]);
  await page.keyboard.type("cliams");
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await calls()).at(-1)).toEqual(["start", "claims"]);
  await command("broken");
  await expect.poll(() => page.getByText("broken could not be started").count()).toBeGreaterThan(0);
  await command("Kill the hub's program");
  expect((await calls()).at(-1)).toEqual(["crash"]);
  expect(complaints).toEqual([]);
});

test("keys resize groups, move and resize floats, and order tabs; no frame reloads", async () => {
  await openApps(page, apps);
  const first = await boots();
  const box = (of: string): Promise<{ x: number; y: number; width: number; height: number }> =>
    page.locator(".dv-groupview, .dv-resize-container", { has: page.locator(".dv-tab", { hasText: of }) }).first().evaluate((e) => e.getBoundingClientRect().toJSON());
  const press = async (keys: string): Promise<void> => {
    await page.keyboard.press(keys);
    await settle();
  };
  await tab("customers").click();
  const before = await box("Customers");
  await press("Alt+Shift+BracketRight");
  await press("Alt+Shift+BracketRight");
  const wider = await box("Customers");
  expect(wider.width).toBeGreaterThan(before.width + 50);
  await press("Alt+Shift+BracketLeft");
  expect((await box("Customers")).width).toBeLessThan(wider.width - 25);
  await press("Alt+Shift+Equal");
  expect((await box("Customers")).height).toBeGreaterThan(before.height + 15);
  expect(await page.evaluate(() => document.activeElement?.querySelector(".cf-tab-title")?.textContent), "the keyboard stays on the tab").toBe("Customers");

  await tab("notes").click();
  await press("Alt+Shift+ArrowUp");
  expect(await groups()).toEqual(["Customers", "Contracts|Notes", "Claims"]);
  await press("Control+Shift+BracketLeft");
  expect(await groups()).toEqual(["Customers", "Notes|Contracts", "Claims"]);
  await press("Control+Shift+BracketRight");
  expect(await groups()).toEqual(["Customers", "Contracts|Notes", "Claims"]);

  await press("Alt+Shift+F");
  const float = await box("Notes");
  await press("Alt+Shift+ArrowLeft");
  await press("Alt+Shift+ArrowDown");
  const moved = await box("Notes");
  expect(moved.x).toBeLessThan(float.x - 25);
  expect(moved.y).toBeGreaterThan(float.y + 15);
  await press("Alt+Shift+Minus");
  expect((await box("Notes")).height).toBeLessThan(float.height - 15);
  expect(await boots()).toEqual(first);
  expect(complaints).toEqual([]);
});

test("a click into a frame makes its group the active one and leaves the keyboard in the frame", async () => {
  await openApps(page, apps);
  const field = page.frameLocator('iframe[title="Customers"]').getByLabel("Search");
  await field.click();
  await expect.poll(() => page.locator(".dv-active-group .cf-tab-title").allInnerTexts()).toEqual(["Customers"]);
  await page.keyboard.type("abc");
  const other = page.frameLocator('iframe[title="Claims"]').getByLabel("Search");
  await other.click();
  await expect.poll(() => page.locator(".dv-active-group .cf-tab-title").allInnerTexts()).toEqual(["Claims"]);
  await page.keyboard.type("def");
  expect([await field.inputValue(), await other.inputValue()]).toEqual(["abc", "def"]);
});

test("the hub closes a frame, and placement hints are followed", async () => {
  await page.evaluate(() => {
    window.test.open(1, "customers", { placement: { area: "left", size: 0.3 } });
    window.test.open(2, "contracts", { placement: { area: "right", beside: "customers", size: 0.7 } });
    window.test.open(3, "claims", { placement: { area: "tab", beside: "contracts-1", behind: true } });
    window.test.open(4, "notes", { placement: { area: "float" } });
  });
  await page.waitForFunction(() => Object.keys(window.test.boots).length === 4);
  expect(await groups()).toEqual(["Customers", "Contracts|Claims", "Notes"]);
  const width = await page.locator(".dv-groupview").first().evaluate((g) => g.getBoundingClientRect().width / innerWidth);
  expect(width).toBeGreaterThan(0.25);
  expect(width).toBeLessThan(0.35);
  expect(await page.evaluate(() => window.test.senders["Claims"]), "a tab behind has its window from the start").toEqual({ frame: 3, window: 0 });
  await page.evaluate(() => window.test.shell.close(2));
  await settle();
  expect(await groups()).toEqual(["Customers", "Claims", "Notes"]);
  expect((await calls()).filter(([name]) => name === "removed"), "the hub knows already").toEqual([]);
});

test("the page says how the hub does", async () => {
  const hub = (status: HubStatus): Promise<void> => page.evaluate((s) => window.test.shell.setHub(s), status);
  const status = page.getByRole("button", { name: /^Hub:/ });
  expect(await status.innerText()).toContain("Starting");
  await hub({ state: "running", restarts: 0 });
  expect(await page.locator(".cf-toast").count()).toBe(0);
  await hub({ state: "restarting", restarts: 1 });
  await hub({ state: "running", restarts: 1 });
  expect(await page.locator(".cf-toast").allInnerTexts()).toEqual([expect.stringContaining("The hub was restarted")]);
  const fault = { code: "LICENSE_EXPIRED", message: "the license key ran out on 1 May" } as const;
  await hub({ state: "stopped", restarts: 1, fault });
  await hub({ state: "stopped", restarts: 1, fault });
  expect(await page.locator(".cf-toast", { hasText: "the license key ran out" }).allInnerTexts(), "said once").toHaveLength(1);
  await status.click();
  expect(await page.getByRole("dialog", { name: "Hub" }).innerText()).toMatch(/Stopped[\s\S]*once[\s\S]*LICENSE_EXPIRED/);
});

test("dispose leaves nothing behind", async () => {
  await openApps(page, ["customers"]);
  await page.evaluate(() => window.test.shell.dispose());
  expect(await page.evaluate(() => document.getElementById("workspace")?.childElementCount)).toBe(0);
});
