import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { launchProfile } from "./rig/chromium.js";
import type { Issuer } from "./rig/crossframe.js";
import { Rig } from "./rig/platform.js";
import type { Desk } from "./rig/platform.js";

// What operators decide: lists of origins, grants, license keys; and what people decide in their browsers.

describe("lists and grants", () => {
  let rig: Rig;
  let desk: Desk;

  beforeAll(async () => {
    rig = await Rig.start({
      hosts: { raw: "raw", raw2: "raw", echo: "echo", "127.0.0.1": "raw" },
      frames: ["127.0.0.1"],
      apps: () => ["raw", "raw2", "echo"],
    });
  });
  afterAll(() => rig.close());
  beforeEach(async () => {
    desk = await rig.desk();
  });

  const setPolicy = (policy: { blockList?: string[]; allowList?: string[] }): Promise<void> =>
    desk.page.evaluate((p) => window.crossframe!.hub.policy.set(p), policy);

  test("without lists every registered origin is admitted", async () => {
    for (const app of ["raw", "raw2"]) await desk.connected(app);
    expect(await desk.page.evaluate(() => window.crossframe!.hub.policy.get())).toEqual({});
    await desk.healthy();
  });

  test("a list that changes at run time ends the connections that it refuses, at once, and only those", async () => {
    const [echo, raw] = [await desk.echo(), await desk.connected()];
    const ids = await raw.frame.evaluate(() => window.raw.last.id);
    await setPolicy({ blockList: [rig.origin("echo")] });
    expect((await desk.state(echo.instance, "refused")).reason?.code).toBe("ORIGIN_BLOCKED");
    await expect.poll(() => echo.frame.evaluate(() => window.echo.ends)).toContain("closed: ORIGIN_BLOCKED");
    expect(await desk.audit("ORIGIN_BLOCKED", "echo")).toMatchObject({ origin: rig.origin("echo") });
    expect(await raw.frame.evaluate(() => window.raw.last.code(window.wire.OpContextList))).toBe("ok");
    expect(await raw.frame.evaluate(() => window.raw.last.id)).toBe(ids);
    const again = (): Promise<string> =>
      echo.frame.evaluate((hub) => window.echo.connect({ hubOrigins: [hub] }).then(() => "connected", ({ code }: { code: string }) => code), rig.hub);
    expect(await again()).toBe("ORIGIN_BLOCKED");
    // The list outlives the hub's program.
    await desk.page.evaluate(() => window.crossframe?.crash());
    expect(await again()).toBe("ORIGIN_BLOCKED");

    await setPolicy({ allowList: [rig.origin("raw"), rig.origin("canary-a"), rig.origin("canary-b")] });
    expect(await again()).toBe("ORIGIN_NOT_ALLOWED");
    await setPolicy({});
    expect(await again()).toBe("connected");
    await desk.healthy(["CANCELLED"]);
  });

  test("a list with an entry that cannot be read changes nothing", async () => {
    await setPolicy({ blockList: [rig.origin("raw2")] });
    const code = await desk.page.evaluate(() =>
      window.crossframe!.hub.policy.set({ blockList: ["https://example.com/app/*"] }).then(() => "taken", ({ code: c }: { code: string }) => c),
    );
    expect(code).toBe("INVALID_ARGUMENT");
    const { frame } = await desk.raw("raw2");
    expect(await frame.evaluate(async () => (await window.raw.greet().ended()).code)).toBe("ORIGIN_BLOCKED");
    await desk.healthy();
  });

  test("an address written in another way is the same origin for the list", async () => {
    const { port } = new URL(rig.origin("raw"));
    await setPolicy({ blockList: [`http://127.0.0.1:${port}`] });
    const { frame } = await desk.raw();
    await frame.evaluate((url) => void (location.href = url), `http://0x7f.1:${port}/`);
    await frame.waitForURL(`http://127.0.0.1:${port}/`);
    await frame.waitForFunction(() => "raw" in window);
    expect(await frame.evaluate(async () => (await window.raw.greet().ended()).code)).toBe("ORIGIN_BLOCKED");
    await desk.healthy();
  });

  test("a definition that grants less ends what its apps have begun by the former grants, and they are told", async () => {
    const { frame } = await desk.echo();
    await frame.evaluate(async () => {
      const lost: string[] = ((window as unknown as { lost: string[] }).lost = []);
      window.hub.on("lost", ({ what, error }) => lost.push(`${what}: ${error.code}`));
      const heard: unknown[] = ((window as unknown as { heard: unknown[] }).heard = []);
      await window.hub.contexts.subscribe("narrowed", (value) => heard.push(value));
      await window.hub.interop.register("narrowed.m", () => 1);
      await window.hub.interop.register("kept.m", () => 1);
    });
    const define = (grants: object): Promise<void> =>
      desk.page.evaluate((d) => window.crossframe!.hub.apps.define([d as { name: string; url: string }]), { name: "echo", url: `${rig.origin("echo")}/`, ...grants });
    await define({ grants: { offer: ["kept.*", "echo*"] } });
    const lost = (): Promise<string[]> => frame.evaluate(() => (window as unknown as { lost: string[] }).lost);
    await expect.poll(lost).toEqual(["interop.register narrowed.m: PERMISSION_DENIED", "contexts.subscribe narrowed: PERMISSION_DENIED"]);
    expect(await desk.audit("PERMISSION_DENIED", "echo")).toMatchObject({ origin: rig.origin("echo") });
    const outcome = await desk.page.evaluate(async () => {
      const { interop, contexts } = window.crossframe!.hub;
      await contexts.set("narrowed", { n: 1 });
      const gone = await interop.invoke("narrowed.m").catch(({ code }: { code: string }) => code);
      return [gone, await interop.invoke("kept.m")];
    });
    expect(outcome).toEqual(["METHOD_NOT_FOUND", 1]);
    expect(await frame.evaluate(() => (window as unknown as { heard: unknown[] }).heard)).toEqual([undefined]);
    await define({});
    await desk.healthy();
  });

  test("an app administers nothing: not the lists, not the definitions, not the audit, not other instances", async () => {
    const [one, two] = [await desk.connected("raw"), await desk.connected("raw2")];
    const codes = await one.frame.evaluate(async (other) => {
      const port = window.raw.last;
      const { wire } = window;
      const apps = { apps: [{ name: "evil", url: "http://evil.test/" }] };
      return {
        policyGet: await port.code(wire.OpPolicyGet),
        policySet: await port.code(wire.OpPolicySet, { head: { blockList: [] } }),
        audit: await port.code(wire.OpAuditWatch),
        define: await port.code(wire.OpAppDefine, { head: apps }),
        remove: await port.code(wire.OpAppRemove, { name: "raw2" }),
        stop: await port.code(wire.OpAppStop, { name: other }),
        instance: await port.code(wire.OpAppStart, { name: "echo", head: { instance: "chosen" } }),
        // The page's own operations do not exist for an app.
        boot: await port.code(wire.OpPageBoot, { head: { origin: "http://evil.test", hub: "x", epoch: 9, nowMs: 1 } }),
        greet: await port.code(wire.OpPageGreet, { head: { main: true } }),
        removed: await port.code(wire.OpPageRemoved, { ref: 1 }),
      };
    }, two.instance);
    const { boot, greet, removed, ...rest } = codes;
    expect([boot, greet, removed]).toEqual(Array(3).fill("UNKNOWN_OPERATION"));
    expect(Object.entries(rest).filter(([, code]) => code !== "PERMISSION_DENIED")).toEqual([]);
    await desk.state(two.instance, "connected");
    await desk.healthy();
  });
});

describe("license keys", () => {
  /** Opens the main page of a platform with a license key, and hands page and rig to the test. */
  async function withLicense(
    license: (keys: Issuer, origin: string) => Promise<string | undefined>,
    look: (page: Page, rig: Rig, key: string | undefined) => Promise<void>,
  ): Promise<void> {
    let key: string | undefined;
    const rig = await Rig.start({ hosts: { raw: "raw" }, apps: () => ["raw"], license: async (...args) => (key = await license(...args)) });
    try {
      const page = await rig.browser.newPage();
      await page.goto(rig.hub);
      await look(page, rig, key);
    } finally {
      await rig.close();
    }
  }

  const cases: readonly (readonly [code: string, license: (keys: Issuer, origin: string) => Promise<string | undefined>])[] = [
    ["LICENSE_MISSING", () => Promise.resolve(undefined)],
    ["LICENSE_ORIGIN_MISMATCH", (keys) => keys.issue("https://another.example.com")],
    ["LICENSE_INVALID", async (keys, origin) => `${(await keys.issue(origin)).slice(0, -4)}AAAA`],
    ["LICENSE_NOT_YET_VALID", (keys, origin) => keys.issue(origin, "--from", "2099-01-01")],
    ["LICENSE_EXPIRED", (keys) => Promise.resolve(keys.expired)],
  ];
  test.each(cases)("%s: the page says so, the hub does not run, and nobody connects", async (code, license) => {
    await withLicense(license, async (page, rig, key) => {
      const status = page.locator(".cf-status");
      await expect.poll(() => status.textContent(), { timeout: 15_000 }).toBe("Hub: Stopped");
      await status.click();
      expect(await page.locator("#cf-status").textContent()).toContain(code);
      expect(page.frames()).toHaveLength(1);
      expect(rig.serverOutput).toContain(code); // Operators read it in the log, too.
      if (key !== undefined) expect(rig.serverOutput + (await page.content())).not.toContain(key.slice(-60));
    });
  });

  test("a key for the page's origin opens without any network, and no app gets to see it", async () => {
    await withLicense((keys, origin) => keys.issue(origin), async (page, rig, key = "") => {
      await page.close();
      const desk = await rig.open();
      const requests: string[] = [];
      desk.page.on("request", (request) => requests.push(new URL(request.url()).origin));
      const { frame } = await desk.connected();
      const heard = await frame.evaluate(async () => {
        for (const op of [window.wire.OpAppList, window.wire.OpAppInstances, window.wire.OpContextList, window.wire.OpDiscover]) await window.raw.last.ask(op);
        return JSON.stringify([window.raw.inbox, window.raw.last.heard]);
      });
      expect(heard).not.toContain(key.slice(-60));
      expect(heard).not.toMatch(/license/i);
      const read = await frame.evaluate((hub) => fetch(`${hub}/config.json`).then((answer) => answer.text(), () => "refused"), rig.hub);
      expect(read).not.toContain(key.slice(-60));
      await desk.page.locator(".cf-status").click();
      expect(await desk.page.locator("#cf-status").textContent()).toMatch(/LicenseValid/);
      expect(new Set(requests)).toEqual(new Set([rig.origin("raw"), rig.hub]));
      await desk.healthy();
      await desk.close();
    });
  });
});

describe("what people set in their browsers", () => {
  let rig: Rig;

  beforeAll(async () => {
    rig = await Rig.start({ hosts: { echo: "echo" }, apps: () => ["echo"] });
  });
  afterAll(() => rig.close());

  // 0 allows third-party cookies, 1 blocks them; content setting 2 blocks all storage of all sites.
  test.each([
    ["third-party cookies allowed", { cookie_controls_mode: 0 }, "true"],
    ["third-party cookies blocked", { cookie_controls_mode: 1 }, "false"],
    ["all cookies and storage blocked", { default_content_setting_values: { cookies: 2 } }, "false"],
  ] as const)("%s: apps connect, call, and share", async (_, preferences, access) => {
    const context = await launchProfile(rig.browserArgs, preferences);
    const desk = await rig.open({ context });
    const { frame } = await desk.echo();
    // The setting is really in effect: the browser itself says what the frame may have.
    expect(String(await frame.evaluate(() => document.hasStorageAccess()))).toBe(access);
    expect(await frame.evaluate(() => window.hub.contexts.set("shared", { n: 1 }))).toBe(1);
    const answer = await desk.page.evaluate(() => window.crossframe!.hub.interop.invoke<{ args: unknown }>("echo", 5));
    expect(answer.args).toBe(5);
    await desk.page.evaluate(() => window.crossframe?.crash());
    expect(await frame.evaluate(() => window.hub.contexts.update("shared", { n: 2 }))).toBe(2);
    await desk.healthy(["CANCELLED"]);
    await context.close();
  });
});
