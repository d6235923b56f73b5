import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { screenshot } from "./rig/chromium.js";
import { brokerRig, brokerState, connected } from "./rig/broker.js";
import type { BrokerRig } from "./rig/broker.js";

// What several browsers share through a broker, as `crossframe serve` runs it: with its store on the disk, stopped, killed
// and started again.

declare global {
  interface Window {
    /** What the page's subscriptions told, by context. */
    told: Record<string, { value: unknown; revision: number; kind: string }[]>;
    calls: unknown[];
  }
}

let rig: BrokerRig;
const pages: Page[] = [];
beforeAll(async () => {
  rig = await brokerRig();
});
afterAll(() => rig.close());
afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close();
});

async function open(user: string): Promise<Page> {
  const page = await rig.open(user);
  pages.push(page);
  return page;
}

/** Has the page follow a context. */
const follow = (page: Page, name: string): Promise<void> =>
  page.evaluate(async (context) => {
    window.told ??= {};
    const list = (window.told[context] = [] as Window["told"][string]);
    await window.crossframe?.hub.contexts.subscribe(context, (value, { revision, kind }) => list.push({ value, revision, kind }));
  }, name);

/** The newest value that a page was told. */
const latest = (page: Page, name: string): Promise<unknown> => page.evaluate((context) => window.told[context]?.at(-1)?.value, name);

const update = (page: Page, name: string, delta: object): Promise<number | undefined> =>
  page.evaluate(([context, change]) => window.crossframe?.hub.contexts.update(context, change), [name, delta] as const);

/** The code with which a write is refused that is for revision 1 of a context. */
const codeOf = (page: Page, name: string): Promise<string> =>
  page.evaluate(async (context) => {
    try {
      await window.crossframe?.hub.contexts.set(context, { a: 1 }, { ifRevision: 1 });
      return "none";
    } catch (error) {
      return (error as { code: string }).code;
    }
  }, name);

test("two windows of one user follow each other; another user of the tenant sees what is the team's, and another tenant nothing", async () => {
  const [anna, again, ben, olga] = await Promise.all([open("anna"), open("anna"), open("ben"), open("olga")]);
  for (const page of [anna, again, ben, olga]) for (const name of ["mine", "team"]) await follow(page, name);
  for (const page of [anna, again]) await follow(page, "claims");
  expect(await update(anna, "mine", { customer: "4711" })).toBe(1);
  expect(await update(anna, "team", { note: "call back" })).toBe(1);
  expect(await update(anna, "claims", { open: 3 })).toBe(1);
  await expect.poll(() => latest(again, "mine")).toEqual({ customer: "4711" });
  await expect.poll(() => latest(again, "claims")).toEqual({ open: 3 });
  await expect.poll(() => latest(ben, "team")).toEqual({ note: "call back" });
  expect(await latest(ben, "mine")).toBeUndefined();
  for (const name of ["mine", "team"]) expect(await latest(olga, name), name).toBeUndefined();
  // Ben is not of the group; his own "mine" is another one.
  for (const page of [ben, olga]) {
    expect(await codeOf(page, "claims")).toBe("SCOPE_UNAVAILABLE");
    await expect(follow(page, "claims")).rejects.toThrow("not of that group");
  }
  expect(await update(ben, "mine", { customer: "1" })).toBe(1);
  expect(await latest(anna, "mine")).toEqual({ customer: "4711" });
  expect(await codeOf(again, "team.other")).toBe("REVISION_CONFLICT");
});

test("a method that is offered in one browser is called from another, by who may", async () => {
  const [anna, ben, olga] = await Promise.all([open("anna"), open("ben"), open("olga")]);
  await anna.evaluate(async () => {
    window.calls = [];
    const offer = (name: string): Promise<unknown> | undefined =>
      window.crossframe?.hub.interop.register(name, async (args, call) => {
        window.calls.push([call.caller.userId, args]);
        call.progress("half");
        return { sum: (args as { list: number[] }).list.reduce((a, b) => a + b, 0), by: name };
      });
    await Promise.all([offer("team.sum"), offer("mine.sum")]);
  });
  const call = (page: Page, name: string): Promise<unknown> =>
    page.evaluate(async (method) => {
      const progress: unknown[] = [];
      try {
        const hub = window.crossframe?.hub;
        const result = await hub?.interop.invoke(method, { list: [1, 2, 3] }, { wait: 3000, onProgress: (p: unknown) => progress.push(p) });
        return { result, progress };
      } catch (error) {
        return (error as { code: string }).code;
      }
    }, name);
  expect(await call(ben, "team.sum")).toEqual({ result: { sum: 6, by: "team.sum" }, progress: ["half"] });
  expect(await call(ben, "mine.sum")).toBe("METHOD_NOT_FOUND");
  expect(await call(olga, "team.sum")).toBe("METHOD_NOT_FOUND");
  expect(await anna.evaluate(() => window.calls)).toEqual([["ben", { list: [1, 2, 3] }]]);
  await anna.close();
  await expect
    .poll(() => ben.evaluate(async () => (await window.crossframe?.hub.interop.methods("team.sum"))?.length))
    .toBe(0);
});

test.each(["SIGTERM", "SIGKILL"] as const)("the server is ended by %s: each page goes on alone, and all converge when it is back", async (signal) => {
  const name = `team.${signal}`;
  const [anna, again, ben] = await Promise.all([open("anna"), open("anna"), open("ben")]);
  for (const page of [anna, again, ben]) await follow(page, name);
  expect(await update(anna, name, { customer: "4711", note: "before" })).toBe(1);
  await expect.poll(() => latest(ben, name)).toEqual({ customer: "4711", note: "before" });
  await rig.stop(signal);
  for (const page of [anna, ben]) await expect.poll(() => brokerState(page), { timeout: 20_000 }).toBe("Not reachable");
  // What is not decided by the broker is applied to the page, and says so.
  await update(anna, name, { customer: "4712" });
  await update(ben, name, { customer: "4713", phone: "1" });
  expect(await latest(anna, name)).toEqual({ customer: "4712", note: "before" });
  expect(await latest(ben, name)).toEqual({ customer: "4713", note: "before", phone: "1" });
  expect(await latest(again, name)).toEqual({ customer: "4711", note: "before" });
  expect(await codeOf(anna, name)).toBe("OFFLINE");
  await expect.poll(() => anna.locator("#cf-status").textContent()).toContain("1 change");
  await screenshot(anna, `sharing-offline-${signal.toLowerCase()}`);
  await rig.start();
  await Promise.all([anna, again, ben].map(connected));
  const final = async (): Promise<unknown[]> => Promise.all([anna, again, ben].map((page) => latest(page, name)));
  await expect
    .poll(async () => {
      const [first, ...others] = await final();
      return others.every((value) => JSON.stringify(value) === JSON.stringify(first)) ? first : undefined;
    }, { timeout: 30_000 })
    .toMatchObject({ note: "before", phone: "1", customer: expect.stringMatching(/471[23]/) });
  // And from there everybody goes on.
  await update(again, name, { note: "after" });
  await expect.poll(final).toEqual([1, 2, 3].map(() => expect.objectContaining({ note: "after" })));
  // A person who opens the page now sees what was acknowledged.
  const late = await open("ben");
  await follow(late, name);
  expect(await latest(late, name)).toEqual((await final())[0]);
});

test("writes that wait outlive the end of the hub's program", async () => {
  const [anna, ben] = await Promise.all([open("anna"), open("ben")]);
  for (const page of [anna, ben]) await follow(page, "team.wait");
  await update(anna, "team.wait", { n: 1 });
  await rig.stop();
  await expect.poll(() => brokerState(anna), { timeout: 20_000 }).toBe("Not reachable");
  await update(anna, "team.wait", { crash: 1 });
  await anna.evaluate(() => window.crossframe?.crash());
  await expect.poll(() => anna.locator("#cf-status").textContent()).toContain("once");
  await update(anna, "team.wait", { more: 1 });
  expect(await latest(anna, "team.wait")).toEqual({ n: 1, crash: 1, more: 1 });
  await rig.start();
  await Promise.all([anna, ben].map(connected));
  await expect.poll(() => latest(ben, "team.wait"), { timeout: 30_000 }).toEqual({ n: 1, crash: 1, more: 1 });
});

test("the hub's program is killed while it is connected: offers and subscriptions of others go on", async () => {
  const [anna, ben] = await Promise.all([open("anna"), open("ben")]);
  for (const page of [anna, ben]) await follow(page, "team.crash");
  await anna.evaluate(() => window.crossframe?.hub.interop.register("team.echo", (args) => args));
  await anna.evaluate(() => window.crossframe?.crash());
  await connected(anna);
  const echo = (): Promise<unknown> =>
    ben.evaluate(() => window.crossframe?.hub.interop.invoke("team.echo", "hi", { wait: 5000 }).catch((error: { code: string }) => error.code));
  await expect.poll(echo, { timeout: 20_000 }).toBe("hi");
  await update(ben, "team.crash", { n: 1 });
  await expect.poll(() => latest(anna, "team.crash")).toEqual({ n: 1 });
});
