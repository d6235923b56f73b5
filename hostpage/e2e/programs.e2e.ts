import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { connectBroker } from "@crossframe/client/broker";
import type { PlainHub } from "@crossframe/client/broker";
import WebSocket from "ws";
import { brokerRig } from "./rig/broker.js";
import type { BrokerRig } from "./rig/broker.js";
import { buildDir, screenshot } from "./rig/chromium.js";
import { appFrame, demoRig } from "./rig/demo.js";

// Programs that have no browser, beside pages: the client library in Node, and a Go program with the Go client.

const root = join(import.meta.dirname, "../..");

let rig: BrokerRig;
const hubs: PlainHub[] = [];
const pages: Page[] = [];
beforeAll(async () => {
  rig = await brokerRig();
});
afterAll(() => rig.close());
afterEach(async () => {
  for (const hub of hubs.splice(0)) hub.close();
  for (const page of pages.splice(0)) await page.context().close();
});

const linkUrl = (): string => `${rig.hub.replace("http", "ws")}/link`;

async function program(user: string, token: () => string = () => `dev:${user}`): Promise<PlainHub> {
  const hub = await connectBroker({ url: linkUrl(), token, app: `program-of-${user}`, WebSocket });
  hubs.push(hub);
  return hub;
}

async function open(user: string): Promise<Page> {
  const page = await rig.open(user);
  pages.push(page);
  return page;
}

test("a program in Node and a page share contexts and methods, both ways", async () => {
  const [node, page] = await Promise.all([program("anna"), open("ben")]);
  expect(node.me).toMatchObject({ app: "program-of-anna", userId: "anna", tenant: "acme" });
  const seen: unknown[] = [];
  await node.contexts.subscribe("team.node", (value) => seen.push(value), { scope: "tenant" });
  await page.evaluate(() => window.crossframe?.hub.contexts.set("team.node", { from: "page" }));
  await expect.poll(() => seen.at(-1)).toEqual({ from: "page" });
  expect(await node.contexts.update("team.node", { and: "node" }, { scope: "tenant" })).toBe(2);
  expect(await page.evaluate(() => window.crossframe?.hub.contexts.get("team.node"))).toEqual({ from: "page", and: "node" });

  await node.interop.register({ name: "team.double", scope: "tenant" }, (bytes) => {
    const given = new Uint8Array(bytes as ArrayBuffer);
    return new Uint8Array([...given, ...given]).buffer;
  });
  const doubled = await page.evaluate(async () => {
    const bytes = new Uint8Array([1, 2, 3]).buffer;
    const hub = window.crossframe?.hub;
    return [...new Uint8Array((await hub?.interop.invoke("team.double", bytes, { wait: 5000 })) as ArrayBuffer)];
  });
  expect(doubled).toEqual([1, 2, 3, 1, 2, 3]);

  await page.evaluate(() => window.crossframe?.hub.interop.register("team.page", (args, call) => ({ args, caller: call.caller.app })));
  expect(await node.interop.invoke("team.page", { x: 1 }, { wait: 5000 })).toEqual({ args: { x: 1 }, caller: "program-of-anna" });
});

test("who is nobody is refused, with the reason", async () => {
  await expect(connectBroker({ url: linkUrl(), token: "dev:nobody", WebSocket })).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  await expect(connectBroker({ url: "ws://127.0.0.1:1/link", token: "dev:anna", WebSocket, timeout: 1000 })).rejects.toMatchObject({ retryable: true });
});

test("a program comes back by itself when the broker does, with what it offers and follows", async () => {
  const node = await program("anna");
  const states: string[] = [];
  node.on("disconnected", () => states.push("disconnected"));
  node.on("reconnected", ({ lost }) => states.push(`reconnected, ${lost.length} lost`));
  const seen: unknown[] = [];
  await node.contexts.subscribe("team.back", (value) => seen.push(value), { scope: "tenant" });
  await node.interop.register({ name: "team.ping", scope: "tenant" }, () => "pong");
  await rig.stop("SIGKILL");
  await expect.poll(() => states).toEqual(["disconnected"]);
  await expect(node.contexts.get("team.back", { scope: "tenant" })).rejects.toMatchObject({ code: "DISCONNECTED" });
  await rig.start();
  await expect.poll(() => states, { timeout: 40_000 }).toEqual(["disconnected", "reconnected, 0 lost"]);
  const page = await open("ben");
  expect(await page.evaluate(() => window.crossframe?.hub.interop.invoke("team.ping", undefined, { wait: 5000 }))).toBe("pong");
  await page.evaluate(() => window.crossframe?.hub.contexts.set("team.back", { n: 1 }));
  await expect.poll(() => seen.at(-1)).toEqual({ n: 1 });
});

test("the script that follows a context says what it is told", async () => {
  const child = spawn(process.execPath, [join(root, "demo/follow/follow.mjs"), "team.script", "--url", linkUrl(), "--token", "dev:ben"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (text: Buffer) => (output += text.toString()));
  try {
    await expect.poll(() => output).toContain("following team.script");
    const node = await program("anna");
    await node.contexts.set("team.script", { told: true }, { scope: "tenant" });
    await expect.poll(() => output).toContain('1 set {"told":true}');
  } finally {
    child.kill("SIGINT");
    await new Promise((resolve) => child.once("exit", resolve));
  }
});

test("a Go program's prices are plotted in the demo, live, and it is asked for what was before", async () => {
  const binary = join(buildDir, "e2e", "prices");
  await promisify(execFile)("go", ["build", "-o", binary, "./demo/prices"], { cwd: root });
  const demo = await demoRig();
  const service = spawn(binary, ["--url", `${demo.hub.replace("http", "ws")}/link`, "--token", "dev:ben", "--every", "100ms"], { stdio: "ignore" });
  try {
    const page = await demo.open();
    await page.evaluate(() => window.crossframe?.hub.apps.start("prices"));
    await expect.poll(() => page.frames().some((f) => f.url().startsWith("http://prices.test"))).toBe(true);
    const prices = appFrame(page, "prices");
    const points = async (): Promise<number> => {
      const label = (await prices.locator("canvas").getAttribute("aria-label").catch(() => null)) ?? "";
      return Number(/the last (\d+) prices/.exec(label)?.[1] ?? 0);
    };
    // More than what has come since the page is open: the history that it asked for.
    await expect.poll(points, { timeout: 30_000 }).toBeGreaterThan(100);
    const before = await prices.locator("#price").innerText();
    await expect.poll(() => prices.locator("#price").innerText()).not.toBe(before);
    expect(await prices.locator("#hint").isVisible()).toBe(false);
    await screenshot(page, "demo-prices");
  } finally {
    service.kill();
    await demo.close();
  }
});
