import { afterEach, describe, expect, test } from "vitest";
import { screenshot } from "./rig/chromium.js";
import type { Issuer } from "./rig/crossframe.js";
import { Rig } from "./rig/platform.js";
import type { Desk } from "./rig/platform.js";

// What becomes of a license while the page runs: its issuer takes it back, its operator renews it, its limits are reached. The canaries
// of the rig are two of the connected apps.

let rig: Rig;
let keys: Issuer;
afterEach(() => rig.close());

async function open(...flags: readonly string[]): Promise<Desk> {
  rig = await Rig.start({
    hosts: { raw: "raw", raw2: "raw" },
    apps: () => ["raw", "raw2"],
    license: (issuer, origin) => {
      keys = issuer;
      return issuer.issue(origin, "--id", "lic-e2e", ...flags);
    },
  });
  return rig.open();
}

/** Waits until the page shows a text in a place. The page reads its configuration again as after a loss of the network. */
async function shows(desk: Desk, place: string, text: RegExp): Promise<void> {
  await expect
    .poll(
      async () => {
        await desk.page.evaluate(() => window.dispatchEvent(new Event("online")));
        return desk.page.locator(place).textContent();
      },
      { timeout: 40_000, interval: 500 },
    )
    .toMatch(text);
}

/** Greets from an app's frame, and returns the code of the refusal. */
async function refusal(desk: Desk, app: string): Promise<string> {
  const { frame } = await desk.raw(app);
  return frame.evaluate(async () => (await window.raw.greet().ended()).code);
}

describe("a license that is revoked", () => {
  test("lets nobody new in; who is connected is told until when and goes on; a new key mends it without a reload", async () => {
    const desk = await open();
    const { frame } = await desk.connected("raw");
    await keys.revoke("lic-e2e");
    await shows(desk, ".cf-license", /license key was revoked.*disconnected at \d\d:\d\d: save your work/);
    expect(await desk.page.locator(".cf-status").textContent()).toBe("Hub: Degraded");
    expect(rig.serverOutput).toContain("LICENSE_REVOKED");
    expect(await refusal(desk, "raw2")).toBe("LICENSE_REVOKED");
    expect(await frame.evaluate(() => window.raw.last.code(window.wire.OpContextList))).toBe("ok");
    await desk.sing();
    await screenshot(desk.page, "license-revoked");

    await keys.use(await keys.issue(rig.hub, "--id", "lic-next"));
    await shows(desk, ".cf-status", /^Hub: Running$/);
    expect(await desk.page.locator(".cf-license").isHidden()).toBe(true);
    await desk.connected("raw2");
    await desk.healthy();
  });

  test("starts no page, and the page says why", async () => {
    rig = await Rig.start({
      hosts: { raw: "raw" },
      apps: () => ["raw"],
      license: async (issuer, origin) => {
        await issuer.revoke("lic-e2e");
        return issuer.issue(origin, "--id", "lic-e2e");
      },
    });
    const page = await rig.browser.newPage();
    await page.goto(rig.hub);
    await expect.poll(() => page.locator(".cf-license").textContent(), { timeout: 15_000 }).toMatch(/does not run: its license key was revoked.*reload/);
    expect(await page.locator(".cf-status").textContent()).toBe("Hub: Stopped");
    expect(page.frames()).toHaveLength(1);
    await screenshot(page, "license-revoked-at-start");
  });
});

describe("limits of a license", () => {
  test("one app too many is refused and says what to do; the others keep working, and one that leaves makes room", async () => {
    const desk = await open("--limit", "apps=3");
    const first = await desk.connected("raw");
    expect(await refusal(desk, "raw2")).toBe("LICENSE_LIMIT");
    await desk.page.getByText("Close another app, or get a license key with a higher limit.").waitFor();
    expect(await first.frame.evaluate(() => window.raw.last.code(window.wire.OpContextList))).toBe("ok");
    await desk.sing();
    await screenshot(desk.page, "license-limit");
    // A reload is not one more.
    await Promise.all([first.frame.waitForNavigation(), first.frame.evaluate(() => location.reload())]);
    await first.frame.waitForFunction(() => "raw" in window);
    await first.frame.evaluate(() => window.raw.connect().then(() => undefined));
    await desk.stop(first);
    await desk.connected("raw2");
    await desk.healthy();
  });
});

test("a license that ends soon is told in the bar, in days", async () => {
  const desk = await open("--days", "5");
  expect(await desk.page.locator(".cf-licenseword").textContent()).toBe("License: 5 days");
  expect(await desk.page.locator(".cf-license").isHidden()).toBe(true);
  await desk.page.locator(".cf-status").click();
  expect(await desk.page.locator("#cf-status").textContent()).toMatch(/expires in 5 days, on \d+ \w+ \d+.*Nothing stops before that/);
  await screenshot(desk.page, "license-expiring");
});
