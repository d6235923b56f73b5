import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { brokerState, connected } from "./rig/broker.js";
import { screenshot } from "./rig/chromium.js";
import { portalRig } from "./rig/portal.js";
import type { PortalRig } from "./rig/portal.js";

// Who uses the page is for the embedding application to say, at an address that it has on the page's origin.

let rig: PortalRig;
const pages: Page[] = [];
beforeAll(async () => {
  rig = await portalRig();
});
afterAll(() => rig.close());
afterEach(async () => {
  rig.instead = undefined;
  for (const page of pages.splice(0)) await page.context().close();
});

async function open(user?: string): Promise<Page> {
  const page = await rig.open(user);
  pages.push(page);
  return page;
}

/** Writes a context, and returns its revision or the code with which it was refused. */
const write = (page: Page, name: string, value: object, options: object = {}): Promise<unknown> =>
  page.evaluate(
    ([context, members, more]) => window.crossframe?.hub.contexts.set(context, members, more).catch((error: { code: string }) => error.code),
    [name, value, options] as const,
  );

const read = (page: Page, name: string): Promise<unknown> =>
  page.evaluate((context) => window.crossframe?.hub.contexts.get(context).catch((error: { code: string }) => error.code), name);

const says = (page: Page, text: string) => expect.poll(() => page.locator(".cf-toasts").textContent()).toContain(text);

test("the tokens of the application say whose the page is", async () => {
  const [ada, again, bob] = await Promise.all([open("ada"), open("ada"), open("bob")]);
  await Promise.all([ada, again, bob].map(connected));
  expect(await ada.locator("#cf-status").textContent()).toMatch(/Userada.*Tenantacme/);
  expect(await write(ada, "mine", { customer: "4711" })).toBe(1);
  await expect.poll(() => read(again, "mine")).toEqual({ customer: "4711" });
  expect(await read(bob, "mine")).toBeUndefined();
  expect(await write(ada, "any", {}, { scope: "group:claims" })).toBe(1);
  expect(await write(bob, "any", {}, { scope: "group:claims" })).toBe("SCOPE_UNAVAILABLE");
});

test("nobody is signed in: the page says so, its apps go on, and what they write follows after the login", async () => {
  const page = await open();
  await expect.poll(() => brokerState(page)).toBe("Nobody is signed in");
  await says(page, "You are not signed in");
  await screenshot(page, "portal-signed-out");
  expect(await write(page, "mine.draft", { text: "later" })).toBe(0);
  expect(await read(page, "mine.draft")).toEqual({ text: "later" });
  expect(await read(page, "mine.other")).toBe("OFFLINE");
  await page.context().addCookies([{ name: "session", value: "bob", url: rig.hub, httpOnly: true, sameSite: "Strict" }]);
  await page.reload();
  await connected(page);
  await expect.poll(() => read(page, "mine.draft")).toEqual({ text: "later" });
  const elsewhere = await open("bob");
  await connected(elsewhere);
  await expect.poll(() => read(elsewhere, "mine.draft")).toEqual({ text: "later" });
});

test("another user of the tab sees nothing of the one before, also where the broker cannot say so", async () => {
  const page = await open("ada");
  await connected(page);
  const session = (): Promise<string | null> => page.evaluate(() => sessionStorage.getItem("crossframe.session"));
  const first = await session();
  await page.evaluate(() => window.crossframe?.hub.contexts.subscribe("mine.tab", () => undefined));
  expect(await write(page, "mine.tab", { of: "ada" })).toBe(1);
  await page.reload();
  await connected(page);
  expect(await session()).toBe(first);
  await page.context().addCookies([{ name: "session", value: "bob", url: rig.hub, httpOnly: true, sameSite: "Strict" }]);
  await page.reload();
  await page.waitForFunction(() => window.crossframe?.hub !== undefined);
  // The first that the page can say of it: what an app would be told that subscribes at once.
  expect(await read(page, "mine.tab")).toBeUndefined();
  expect(await session()).not.toBe(first);
});

test.each([
  ["sends to its login page", 302, "", "Nobody is signed in", "You are not signed in"],
  ["fails", 502, "", "Nobody is signed in", "/portal/token answered 502"],
  ["answers with a page", 200, "<!doctype html>", "Nobody is signed in", '/portal/token did not answer {"token":"…"}'],
  ["gives a token that the broker does not take", 200, '{"token":"x.y.z"}', "Refused", "The credential was not accepted"],
] as const)("an application that %s", async (_, status, body, state, toast) => {
  rig.instead = (__, answer) => answer.writeHead(status, { "Content-Type": "text/html", Location: "https://login.example.com/" }).end(body);
  const page = await open("ada");
  await expect.poll(() => brokerState(page)).toBe(state);
  await says(page, toast);
});
