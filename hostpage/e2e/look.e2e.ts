import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { screenshot } from "./rig/chromium.js";
import { openApps, workspaceRig } from "./rig/workspace.js";
import type { WorkspaceRig } from "./rig/workspace.js";

// What the main page looks like, and that axe finds nothing serious in any of its states. The pictures are for
// people: build/screenshots.

let rig: WorkspaceRig;
let page: Page;
beforeAll(async () => {
  rig = await workspaceRig();
});
afterAll(() => rig.close());
afterEach(() => page.context().close());

const all = ["customers", "contracts", "claims", "notes"];

const definitions = all.map((name) => ({
  name,
  title: name[0]?.toUpperCase() + name.slice(1),
  description: "Demo app",
  url: `http://${name}.test:1/`,
}));

/** Axe's findings of weight, as short text. Frames are other people's documents. */
async function findings(of: Page): Promise<string[]> {
  const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await of.evaluate(axe);
  return of.evaluate(async () => {
    const { axe } = window as unknown as {
      axe: { run(o: unknown): Promise<{ violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] }> };
    };
    const { violations } = await axe.run({ iframes: false });
    // dockview keeps the stacking order of floating groups in aria-level, on elements whose role has no level, and
    // reads it back from there. Nothing outside of it can take that away; assistive technology ignores it.
    const known = (id: string, html: string): boolean =>
      (id === "aria-allowed-attr" || id === "aria-valid-attr-value") && html.includes("dv-resize-container");
    return violations
      .filter((v) => v.impact === "serious" || v.impact === "critical")
      .flatMap((v) => v.nodes.filter((n) => !known(v.id, n.html)).map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary}`));
  });
}

async function shot(name: string): Promise<void> {
  await page.waitForTimeout(250); // Animations end.
  await screenshot(page, name);
  expect(await findings(page), name).toEqual([]);
}

async function threeColumns(): Promise<void> {
  await openApps(page, all);
  await page.evaluate(() => window.test.shell.setHub({ state: "running", license: "development", peers: 4 }));
  await page.evaluate((d) => window.test.attach(d), definitions);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`a workspace in ${colorScheme}`, async () => {
    page = await rig.open({ colorScheme });
    await threeColumns();
    await shot(`workspace-${colorScheme}`);
  });

  test(`an empty workspace in ${colorScheme}`, async () => {
    page = await rig.open({ colorScheme });
    await page.evaluate((d) => window.test.attach(d), definitions);
    await shot(`empty-${colorScheme}`);
  });

  test(`states of frames in ${colorScheme}`, async () => {
    page = await rig.open({ colorScheme });
    await openApps(page, ["customers", "contracts"], false);
    await page.evaluate(() => {
      window.test.open(3, "claims", { url: `http://claims.test:${location.port}/refuses` });
      window.test.open(4, "notes", { url: `http://notes.test:${location.port}/slow` });
      window.test.shell.setState(1, {
        state: "refused",
        reason: { code: "ORIGIN_BLOCKED", message: "the origin is on the platform's block list" },
      });
      window.test.shell.setState(2, { state: "gone" });
    });
    await page.waitForTimeout(800);
    await page.evaluate(() =>
      window.test.shell.setState(3, {
        state: "failed",
        reason: { code: "APP_FAILED", message: "nothing connected within 20 s" },
      }),
    );
    await page.evaluate(() =>
      window.test.shell.notify({ kind: "error", title: "Blocked origin http://evil.example", text: "The connection log has more." }),
    );
    await shot(`states-${colorScheme}`);
  });

  test(`the palette in ${colorScheme}`, async () => {
    page = await rig.open({ colorScheme });
    await threeColumns();
    await page.getByRole("button", { name: "Search apps and commands" }).click();
    await shot(`palette-${colorScheme}`);
  });
}

test("floating and maximised groups", async () => {
  page = await rig.open();
  await threeColumns();
  await page.locator("[role=tab]", { hasText: "Notes" }).click();
  await page.keyboard.press("Alt+Shift+F");
  await shot("float-light");
  await page.locator("[role=tab]", { hasText: "Customers" }).click();
  await page.keyboard.press("Alt+Shift+M");
  await shot("maximised-light");
});

test("a tab being dragged shows where it would go", async () => {
  page = await rig.open();
  await threeColumns();
  const tab = await page.locator("[role=tab]", { hasText: "Notes" }).boundingBox();
  if (!tab) throw new Error("the tab is not visible");
  await page.mouse.move(tab.x + 20, tab.y + 16);
  await page.mouse.down();
  for (let step = 1; step <= 10; step++) await page.mouse.move(tab.x + 20 - step * 30, tab.y - step * 20, { steps: 3 });
  await shot("drag-light");
  await page.mouse.up();
});

test("hub popover, connection log and shortcuts", async () => {
  page = await rig.open({ colorScheme: "dark" });
  await threeColumns();
  await page.evaluate(() => {
    window.test.shell.setHub({ state: "degraded", restarts: 1, license: "grace", peers: 4, warnings: ["The license key ran out; 12 grace days remain."] });
    window.test.audit({ timeMs: Date.now(), code: "ORIGIN_NOT_ALLOWED", origin: "https://evil.example", app: "evil" });
    window.test.audit({ timeMs: Date.now(), code: "RATE_LIMITED", origin: "http://claims.test", app: "claims", dropped: 120 });
  });
  await page.getByRole("button", { name: "Hub: Degraded" }).click();
  await shot("hub-dark");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Connection log", exact: true }).click();
  await shot("log-dark");
  await page.getByRole("button", { name: "Close the connection log" }).click();
  await page.keyboard.press("?");
  await shot("shortcuts-dark");
});

test("a broker that went away, and whom a developer may be", async () => {
  page = await rig.open();
  await threeColumns();
  const identity = { tenant: "acme", user: { id: "anna", firstName: "Anna", lastName: "Weber" }, groups: ["claims"] };
  await page.evaluate((who) => {
    const list = [who.user, { id: "ben", firstName: "Ben", lastName: "Okafor" }];
    window.test.shell.setUsers({ list, current: "anna", choose: (id) => void window.test.calls.push(["user", id]) });
    const status = { state: "running", license: "development", peers: 4 } as const;
    window.test.shell.setHub({ ...status, broker: { state: "connected", identity: who } });
    window.test.shell.setHub({ ...status, broker: { state: "offline", pending: 3 } });
  }, identity);
  await page.getByRole("button", { name: "Hub: Degraded" }).click();
  expect(await page.locator("#cf-status").textContent()).toContain("3 changes");
  await shot("offline-light");
  await page.evaluate((who) => window.test.shell.setHub({ state: "running", broker: { state: "connected", identity: who } }), identity);
  await page.getByText("The broker is back", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Development user: Anna Weber" }).click();
  await page.getByText("Ben Okafor").click();
  expect(await page.evaluate(() => window.test.calls.filter(([what]) => what === "user"))).toEqual([["user", "ben"]]);
});

test.each(["light", "dark"] as const)("what is wrong with the license, in %s", async (colorScheme) => {
  page = await rig.open({ colorScheme });
  await threeColumns();
  const untilMs = Date.UTC(2027, 3, 1);
  await page.evaluate((until) => window.test.shell.setHub({ state: "running", license: "grace", licenseUntilMs: until, nowMs: until - 3.5 * 86_400_000, peers: 4 }), untilMs);
  expect(await page.getByRole("alert").filter({ hasText: "The license key has expired. Everything goes on until 1 April 2027 (4 days of grace)." }).isVisible()).toBe(true);
  await shot(`license-grace-${colorScheme}`);
  await page.evaluate((until) => window.test.shell.setHub({ state: "running", license: "valid", licenseUntilMs: until, peers: 4 }), untilMs);
  expect(await page.locator(".cf-license").isHidden()).toBe(true);
});

test("a narrow window, as at 200 % zoom", async () => {
  page = await rig.open({ width: 640, height: 480 });
  await threeColumns();
  await shot("narrow-light");
});

test("forced colours: states and the tab in front can still be told apart", async () => {
  page = await rig.open();
  await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  await threeColumns();
  await page.evaluate(() => window.test.shell.setState(2, { state: "refused", reason: { code: "ORIGIN_BLOCKED", message: "blocked" } }));
  await page.keyboard.press("F6");
  await shot("forced-colours");
});
