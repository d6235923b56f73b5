import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Frame } from "playwright-core";
import { Rig } from "./rig/platform.js";
import type { Desk } from "./rig/platform.js";

// Who may enter: greetings of every kind, judged by the hub that is really served, in a real browser, with the main page
// and each app on sites of their own. All along two canaries call each other and keep a secret.

let rig: Rig;
let desk: Desk;

beforeAll(async () => {
  rig = await Rig.start({
    hosts: { raw: "raw", other: "raw", evil: "raw", blocked: "raw", nested: "raw", echo: "echo" },
    apps: (origin) => [
      "raw",
      "other",
      "blocked",
      "echo",
      { name: "leaver", url: `${origin("raw")}/leaves?to=${origin("other")}/` },
      { name: "opaque", url: `${origin("raw")}/`, frame: { sandbox: ["allow-scripts"] } },
      { name: "opaque-one", url: `${origin("raw")}/`, frame: { sandbox: ["allow-scripts"] }, allowOpaque: true },
      { name: "opaque-two", url: `${origin("other")}/`, frame: { sandbox: ["allow-scripts"] }, allowOpaque: true },
      { name: "nester", url: `${origin("raw")}/`, allowNested: true, nestedOrigins: [origin("nested")] },
    ],
    policy: (origin) => ({ blockList: [origin("blocked")] }),
  });
});
afterAll(() => rig.close());
beforeEach(async () => {
  desk = await rig.desk();
});

/** Greets from a window that holds the raw app, and returns why the hub did not admit it. */
const refusal = (frame: Frame): Promise<string> => frame.evaluate(async () => (await window.raw.greet().ended()).code);

/** Waits until a page with the raw app is in a frame or window. */
async function ready<T extends Frame | Desk["page"]>(place: T): Promise<T> {
  await place.waitForFunction(() => "raw" in window);
  return place;
}

/** Makes a frame inside of a frame, and waits until the raw app in it can be told what to do. */
async function nest(frame: Frame, make: { readonly src: string } | { readonly srcdoc: string }): Promise<Frame> {
  const attached = desk.page.waitForEvent("frameattached", { predicate: (f) => f.parentFrame() === frame });
  await frame.evaluate((attributes) => document.body.append(Object.assign(document.createElement("iframe"), attributes)), make);
  return ready(await attached);
}

test("a registered frame is admitted, on its own port and nowhere else", async () => {
  const { frame, instance } = await desk.connected();
  const ack = await frame.evaluate(() => window.raw.last.ack);
  expect(ack?.connectionId).toMatch(/^[0-9a-f]{32}$/);
  expect(ack).toMatchObject({ version: 1, challenge: true, me: { instance, app: "raw", origin: rig.origin("raw") } });
  expect(ack).not.toHaveProperty("user"); // The definition does not let this app see who sits there.
  // A window hears of challenges only; they hold a nonce and nothing else.
  const inbox = await frame.evaluate(() => window.raw.inbox);
  for (const posted of inbox) {
    expect(posted).toEqual({ origin: rig.hub, ports: 0, data: { crossframe: "CHALLENGE", nonce: expect.stringMatching(/^[0-9a-f]{32}$/) } });
  }
  await desk.healthy();
});

test("a blocked origin is refused, learns nothing else, and the main page hears of it", async () => {
  const { frame, instance } = await desk.raw("blocked");
  expect(await refusal(frame)).toBe("ORIGIN_BLOCKED");
  const heard = await frame.evaluate(() => window.raw.last.heard);
  expect(heard).toHaveLength(1);
  expect(Object.keys(JSON.parse(heard[0]?.head ?? ""))).toEqual(["code", "message"]);
  expect(await frame.evaluate(() => window.raw.inbox)).toEqual([]);
  expect((await desk.state(instance, "refused")).reason?.code).toBe("ORIGIN_BLOCKED");
  expect(await desk.audit("ORIGIN_BLOCKED")).toMatchObject({ origin: rig.origin("blocked"), app: "blocked", instance });
  await desk.healthy();
});

test("a window that the hub neither opened nor embedded is refused: popups and named windows of an app", async () => {
  const { frame } = await desk.connected();
  for (const name of ["", "named"]) {
    const opened = desk.page.waitForEvent("popup", { timeout: 10_000 }).catch(() => undefined);
    const context = desk.page.context().waitForEvent("page");
    await frame.evaluate(([url, n]) => window.open(url, n) !== null, [rig.origin("evil"), name] as const);
    const popup = await ready((await Promise.race([opened, context])) as Desk["page"]);
    const code = await popup.evaluate(async () => {
      const page = (window.opener as Window).top; // From the app's window the hub's can be reached.
      return (await window.raw.greet(undefined, page).ended()).code;
    });
    expect(code).toBe("SOURCE_UNKNOWN");
    expect(await popup.evaluate(() => window.raw.last.heard.length)).toBe(1);
    await popup.close();
  }
  expect(await desk.audit("SOURCE_UNKNOWN")).toMatchObject({ origin: rig.origin("evil") });
  await desk.healthy();
});

test("a document nested in an app is refused, unless the definition admits its origin; then it is itself, not the app", async () => {
  const plain = await desk.connected();
  expect(await refusal(await nest(plain.frame, { src: rig.origin("evil") }))).toBe("SOURCE_UNKNOWN");

  const nester = await desk.connected("nester");
  expect(await refusal(await nest(nester.frame, { src: rig.origin("evil") }))).toBe("ORIGIN_MISMATCH");
  const inner = await nest(nester.frame, { src: rig.origin("nested") });
  const me = await inner.evaluate(async () => (await window.raw.connect()).ack?.me);
  expect(me).toMatchObject({ origin: rig.origin("nested"), via: nester.instance });
  expect(me?.instance).not.toBe(nester.instance);
  await desk.healthy();
});

test("an app's own srcdoc and blob children are refused, though they have its origin", async () => {
  const { frame } = await desk.connected();
  const html = `<meta name="crossframe-hub" content="${rig.hub}"><script type="module" src="${rig.origin("raw")}/app.js"></script><body>`;
  const written = await nest(frame, { srcdoc: html });
  expect(await refusal(written)).toBe("SOURCE_UNKNOWN");
  const blob = await frame.evaluate((text) => URL.createObjectURL(new Blob([text], { type: "text/html" })), html);
  expect(await refusal(await nest(frame, { src: blob }))).toBe("SOURCE_UNKNOWN");
  expect((await desk.audits()).map(({ origin }) => origin)).toEqual([rig.origin("raw"), rig.origin("raw")]);
  await desk.healthy();
});

test("a window of the main page's own origin is no client app", async () => {
  const child = await desk.page.evaluateHandle(() => document.body.appendChild(document.createElement("iframe")));
  const frame = await child.contentFrame();
  const code = await frame?.evaluate(async (hub) => {
    const { port1, port2 } = new MessageChannel();
    // The sender of a message is the window whose function posts it, so the code has to run in the frame.
    const answer = new Promise<unknown[]>((resolve) => (port1.onmessage = ({ data }) => resolve(data as unknown[])));
    parent.postMessage({ crossframe: "INIT_REQUEST", versions: [1] }, hub, [port2]);
    return (JSON.parse((await answer)[6] as string) as { code: string }).code;
  }, rig.hub);
  expect(code).toBe("SOURCE_UNKNOWN");

  await desk.page.evaluate((url) => window.crossframe!.hub.apps.define([{ name: "self", url }]), rig.hub);
  const started = await desk.page.evaluate(() => window.crossframe!.hub.apps.start("self", { waitFor: "created" }));
  const { reason } = await desk.state(started.instance, "failed");
  expect(reason?.message).toContain("the main page's own origin");
  expect(desk.page.frames().filter((f) => f.url().startsWith(rig.hub))).toHaveLength(1);
  await desk.healthy();
});

test("two frames of one app that claim one name are two, and neither hears the other's answers", async () => {
  const [one, two] = [await desk.raw(), await desk.raw()];
  const acks = await Promise.all([one, two].map(({ frame }) => frame.evaluate(async () => (await window.raw.connect("same")).ack)));
  expect(new Set(acks.map((ack) => ack?.connectionId)).size).toBe(2);
  expect(acks.map((ack) => ack?.me.instance)).toEqual([one.instance, two.instance]);
  const asked = await one.frame.evaluate(() => window.raw.last.code(window.wire.OpContextList));
  expect(asked).toBe("ok");
  expect(await two.frame.evaluate(() => window.raw.last.heard.some(({ op }) => op === window.wire.OpReply))).toBe(false);
  await desk.healthy();
});

test("an app whose server redirects to another app's origin is refused", async () => {
  const { frame, instance } = await desk.raw("leaver");
  expect(frame.url()).toBe(`${rig.origin("other")}/`);
  expect(await refusal(frame)).toBe("ORIGIN_MISMATCH");
  await desk.state(instance, "refused");
  expect(await desk.audit("ORIGIN_MISMATCH", "leaver")).toMatchObject({ origin: rig.origin("other"), instance });
  await desk.healthy();
});

test("a document without an origin is refused, unless its definition admits it; then its frame is who it is", async () => {
  const plain = await desk.raw("opaque");
  expect(await plain.frame.evaluate(() => self.origin)).toBe("null");
  expect(await refusal(plain.frame)).toBe("ORIGIN_OPAQUE");
  await desk.audit("ORIGIN_OPAQUE", "opaque");

  // "null" is the origin of both, so each could pass for the other if a claim counted.
  const [one, two] = [await desk.raw("opaque-one"), await desk.raw("opaque-two")];
  const names = ["opaque-two", "opaque-one"];
  for (const [i, { frame, instance }] of [one, two].entries()) {
    const ack = await frame.evaluate(async (claim) => (await window.raw.connect(claim)).ack, names[i]);
    expect(ack).toMatchObject({ me: { app: names[1 - i], instance, origin: "null" } });
    expect(ack?.challenge ?? false, "a document without an origin can be sent no challenge").toBe(false);
  }
  await desk.healthy();
});

test("what is no greeting is ignored without a sound", async () => {
  const { frame } = await desk.connected();
  const before = desk.console.length;
  const posted = await frame.evaluate(() => {
    const cyclic: Record<string, unknown> = { crossframe: "INIT_REQUEST" };
    cyclic["versions"] = cyclic;
    const shapes: unknown[] = [
      null, undefined, 0, -1, NaN, 1n, "", "INIT_REQUEST", [], ["INIT_REQUEST"], {}, { crossframe: null }, { crossframe: "INIT" }, { crossframe: {} },
      { crossframe: ["INIT_REQUEST"] }, { crossframe: "CHALLENGE", nonce: "x" }, { crossframe: "RECONNECT" }, new Map([["crossframe", "INIT_REQUEST"]]),
      new Set([1]), new Date(0), /x/, new Blob(["x"]), new Error("x"), new ArrayBuffer(8), new Uint8Array(8), new ImageData(1, 1), cyclic,
      { crossframe: "INIT_REQUEST", versions: 1n }, { crossframe: "INIT_REQUEST", versions: "x".repeat(100_000) },
      { type: "WCP1Hello", payload: {} }, { "__proto__": { crossframe: "INIT_REQUEST" } },
    ];
    let count = 0;
    for (let round = 0; round < 10; round++) {
      for (const shape of shapes) {
        const { port2 } = new MessageChannel();
        top?.postMessage(shape, window.raw.hub, round % 2 ? [port2] : []);
        count++;
      }
    }
    return count;
  });
  expect(posted).toBeGreaterThan(300);
  // A WebAssembly module does not cross origins: the page gets "messageerror" in its place.
  await frame.evaluate(async () => {
    const empty = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    top?.postMessage({ crossframe: "INIT_REQUEST", versions: [1], module: await WebAssembly.compile(empty) }, window.raw.hub, [new MessageChannel().port2]);
  });
  // Memory that is shared cannot be sent at all: neither page nor apps are isolated across origins.
  const shared = await frame.evaluate(() => {
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    try {
      top?.postMessage({ crossframe: "INIT_REQUEST", versions: [1], buffer }, window.raw.hub, [new MessageChannel().port2]);
      return "sent";
    } catch (error) {
      return (error as Error).name;
    }
  });
  expect(shared).toBe("DataCloneError");
  expect(await desk.page.evaluate(() => crossOriginIsolated)).toBe(false);
  // The app's connection, made before, is still the one that counts; and the next question is answered after all of them.
  expect(await frame.evaluate(() => window.raw.last.code(window.wire.OpContextList))).toBe("ok");
  await desk.healthy();
  expect(desk.console.slice(before)).toEqual([]);
  expect((await desk.audits()).map(({ code }) => code)).not.toContain("INTERNAL");
});

test("versions that the hub does not speak are refused, with those that it does", async () => {
  const { frame } = await desk.raw();
  const answers = await frame.evaluate(async () => {
    const list = [];
    for (const versions of [[999], [], undefined, ["1.0.0-evil"], "1"]) {
      list.push(await window.raw.greet({ crossframe: "INIT_REQUEST", versions }).ended());
    }
    return list;
  });
  expect(answers.map(({ code }) => code)).toEqual(Array(5).fill("PROTOCOL_UNSUPPORTED"));
  expect(answers[0]?.supported).toEqual([1]);
  await desk.healthy();
});

test("a greeting brings exactly one port: with two it is refused, without one there is nobody to answer", async () => {
  const { frame } = await desk.raw();
  const { code, others } = await frame.evaluate(async () => {
    const extra = new MessageChannel();
    let others = 0;
    extra.port1.onmessage = () => others++;
    const ended = await window.raw.greet(undefined, top, [extra.port2]).ended();
    return { code: ended.code, others };
  });
  expect([code, others]).toEqual(["BAD_HANDSHAKE", 0]);
  await desk.audit("BAD_HANDSHAKE", "raw");

  await frame.evaluate(() => top?.postMessage({ crossframe: "INIT_REQUEST", versions: [1] }, window.raw.hub));
  await frame.evaluate(() => window.raw.connect().then(() => undefined));
  expect(await frame.evaluate(() => window.raw.inbox.every(({ data }) => (data as { crossframe: string }).crossframe === "CHALLENGE"))).toBe(true);
  await desk.healthy();
});

test("a greeting that comes while the hub's program starts anew is answered when it runs, once", async () => {
  const { frame, instance } = await desk.raw();
  await Promise.all([desk.page.evaluate(() => window.crossframe?.crash()), frame.evaluate(() => window.raw.connect().then(() => undefined))]);
  await desk.state(instance, "connected");
  expect(await frame.evaluate(() => window.raw.last.heard.filter(({ op }) => op === window.wire.OpAck).length)).toBe(1);
  await desk.healthy(["CANCELLED"]);
});

test("a flood of greetings gets few answers and disturbs nobody", async () => {
  const { frame } = await desk.connected();
  const ports = await frame.evaluate(async () => {
    for (let i = 0; i < 10_000; i++) window.raw.greet();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return window.raw.ports.slice(1).map((port) => (port.ack ? "ACK" : (port.refused?.code ?? "silence")));
  });
  const counts = Object.fromEntries(["ACK", "RATE_LIMITED", "silence"].map((kind) => [kind, ports.filter((p) => p === kind).length]));
  expect(counts["ACK"]).toBeLessThanOrEqual(20);
  expect(counts["RATE_LIMITED"]).toBeLessThanOrEqual(40);
  expect(counts["silence"]).toBeGreaterThan(9_000);
  await desk.audit("RATE_LIMITED", "raw");
  // Who stops flooding may greet again.
  const again = (): Promise<string> =>
    frame.evaluate(async () => {
      const port = window.raw.greet();
      return Promise.race([port.admitted().then(({ me }) => me.app, () => "refused"), new Promise<string>((r) => setTimeout(r, 500, "silence"))]);
    });
  await expect.poll(again, { timeout: 15_000, interval: 500 }).toBe("raw");
  await desk.healthy();
});

test("a second greeting of one document ends its first connection: there is never more than one", async () => {
  const { frame, instance } = await desk.connected();
  const first = await frame.evaluate(async () => {
    const old = window.raw.last;
    await window.raw.connect();
    const why = await old.ended();
    old.send(window.wire.OpContextSet, { id: 99, name: "from.the.old.port", body: "{}" });
    const list = await window.raw.last.ask(window.wire.OpContextList);
    return { why: why.code, list: list.head, answered: old.heard.some(({ id }) => id === 99) };
  });
  expect(first).toMatchObject({ why: "SUPERSEDED", answered: false });
  expect(first.list).not.toContain("from.the.old.port");
  expect((await desk.instances()).filter((one) => one.instance === instance)).toHaveLength(1);
  await desk.healthy();
});

test("no page of another origin can frame the main page", async () => {
  const page = await ready(await desk.page.context().newPage().then(async (p) => (await p.goto(rig.origin("evil")), p)));
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  await page.evaluate((hub) => {
    const iframe = Object.assign(document.createElement("iframe"), { src: hub });
    return new Promise((resolve) => {
      iframe.onload = resolve;
      document.body.append(iframe);
    });
  }, rig.hub);
  await expect.poll(() => complaints.join("\n")).toMatch(/frame-ancestors/);
  expect(page.frames().map((frame) => frame.url())).not.toContain(`${rig.hub}/`);
  expect(await page.evaluate(() => window.raw.inbox)).toEqual([]);
  await desk.healthy();
});

test("an app in a page that is not its hub refuses, and sends it nothing", async () => {
  const page = await ready(await desk.page.context().newPage().then(async (p) => (await p.goto(rig.origin("evil")), p)));
  await page.evaluate((src) => document.body.append(Object.assign(document.createElement("iframe"), { src })), rig.origin("echo"));
  const app = page.frameLocator("iframe").owner().contentFrame();
  const code = await app.locator("body").evaluate(() => window.echo.connected.then(() => "connected", ({ code: c }: { code: string }) => c));
  expect(code).toBe("HUB_UNTRUSTED");
  expect(await page.evaluate(() => window.raw.inbox)).toEqual([]);
  await desk.healthy();
});

test("the client library tells a hub neither address nor title, and takes one acknowledgement only", async () => {
  const page = await ready(await desk.page.context().newPage().then(async (p) => (await p.goto(rig.origin("evil")), p)));
  const greeting = page.evaluate(
    () =>
      new Promise<object>((resolve) => {
        // A hub that answers twice: the second acknowledgement says that the app is somebody else.
        addEventListener("message", ({ data, ports: [port] }: MessageEvent<object>) => {
          if (!port) return;
          const ack = (id: string, app: string): unknown[] => [
            "", 1, 0, 0, 0, "",
            JSON.stringify({ connectionId: id, version: 1, hub: "h", me: { peer: 2, instance: app, app, origin: "o" }, limits: {} }), null,
          ];
          port.postMessage(ack("c1", "first"));
          port.postMessage(ack("c2", "second"));
          resolve(data);
        });
      }),
  );
  await page.evaluate((src) => document.body.append(Object.assign(document.createElement("iframe"), { src })), `${rig.origin("echo")}/again?token=geheim#secret`);
  const body = page.frameLocator("iframe").locator("body");
  const me = await body.evaluate(async (_, hub) => {
    const { me } = await window.echo.connect({ app: "echo", hubOrigins: [hub] }).then(async (connected) => {
      await new Promise((resolve) => setTimeout(resolve)); // The second acknowledgement is in the queue already.
      return connected;
    });
    return me.app;
  }, rig.origin("evil"));
  expect(me).toBe("first");
  const data = await greeting;
  expect(Object.keys(data).sort()).toEqual(["app", "crossframe", "library", "loaded", "versions"]);
  expect(JSON.stringify(data)).not.toMatch(/geheim|secret|again|http/);
  await desk.healthy();
});

test("no shipped script posts to a window with * as target origin", async () => {
  // What a script cannot say it cannot do. That an exact origin is really used is shown where frames go elsewhere.
  const folder = join(import.meta.dirname, "../dist");
  const scripts = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".js"));
  expect(scripts.length).toBeGreaterThanOrEqual(4);
  for (const name of scripts) {
    const text = await readFile(join(folder, name), "utf8");
    expect(text.match(/postMessage\([^;{}]*["'`]\*["'`]/g), name).toBeNull();
  }
});
