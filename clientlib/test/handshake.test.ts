import { OpBye, OpProve, OpReply, OpContextDestroy } from "@crossframe/protocol";
import { afterEach, describe, expect, test, vi } from "vitest";
import { connectPort } from "../src/index.js";
import { connected, connectIn, delivered, hubOrigin, HubPort, me, rejection, ScriptedHub } from "./hub.js";

const trusting = { hubOrigins: [hubOrigin] };

afterEach(() => void vi.useRealTimers());

describe("greeting", () => {
  test("is posted with the exact target origin and one port, and an acknowledgement connects", async () => {
    const scripted = new ScriptedHub();
    const connecting = connectIn(scripted.environment(), { ...trusting, app: "crm" });
    const greeted = await scripted.greetings.next();
    expect(greeted.targetOrigin).toBe(hubOrigin);
    expect(greeted.greeting).toEqual({
      crossframe: "INIT_REQUEST",
      versions: [1],
      app: "crm",
      library: expect.stringMatching(/^@crossframe\/client \d+\.\d+\.\d+$/),
    });
    scripted.admit(greeted, { user: { id: "u1" }, limits: { burst: 5 } }, [], { customer: 1 });
    const hub = await connecting;
    expect(hub.me).toEqual({ ...me, context: { customer: 1 }, user: { id: "u1" }, limits: { burst: 5 } });
    hub.close();
  });

  test("ends with a refusal's code", async () => {
    const scripted = new ScriptedHub();
    const connecting = connectIn(scripted.environment(), trusting);
    const { port } = await scripted.greetings.next();
    new HubPort(port, "").refuse({ code: "ORIGIN_BLOCKED", message: "on the block list" });
    expect(await rejection(connecting)).toMatchObject({ code: "ORIGIN_BLOCKED", message: "on the block list", retryable: false });
  });

  test("tells the versions that the hub speaks", async () => {
    const scripted = new ScriptedHub();
    const connecting = connectIn(scripted.environment(), trusting);
    const { port } = await scripted.greetings.next();
    new HubPort(port, "").refuse({ code: "PROTOCOL_UNSUPPORTED", message: "", supported: [2, 3] });
    expect(await rejection(connecting)).toMatchObject({ code: "PROTOCOL_UNSUPPORTED", supported: [2, 3] });
  });

  test("passes over what is no answer", async () => {
    const scripted = new ScriptedHub();
    const connecting = connectIn(scripted.environment(), trusting);
    const greeted = await scripted.greetings.next();
    for (const junk of [null, 1, "x", {}, [], [""], ["", 1], ["", OpReply, 0, 0, 0, "", "", null]]) greeted.port.postMessage(junk);
    const port = scripted.admit(greeted);
    const hub = await connecting;
    hub.close();
    await port.next(OpBye);
  });

  test("is repeated on a new channel after 1, 2 and 4 s, and the old channels are closed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const scripted = new ScriptedHub();
    const connecting = connectIn(scripted.environment(), trusting);
    const failed = rejection(connecting);
    const counts: number[] = [];
    for (let second = 0; second < 10; second++) {
      counts.push(scripted.greetings.items.length);
      vi.advanceTimersByTime(1_000);
    }
    expect(counts).toEqual([1, 2, 2, 3, 3, 3, 3, 4, 4, 4]);
    expect((await failed).code).toBe("HANDSHAKE_TIMEOUT");
    const ports = scripted.greetings.items.map(({ port }) => port);
    expect(new Set(ports).size).toBe(4);
    const closed = ports.map((port) => new Promise((resolve) => port.addEventListener("close", resolve)));
    for (const port of ports) port.start();
    await Promise.all(closed);
  });

  test("says whether the page has loaded by the time of each", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const scripted = new ScriptedHub();
    let loaded = false;
    const failed = rejection(connectIn(scripted.environment({ loaded: () => loaded }), trusting));
    loaded = true;
    vi.advanceTimersByTime(10_000);
    await failed;
    expect(scripted.greetings.items.map(({ greeting }) => greeting["loaded"])).toEqual([undefined, true, true, true]);
  });

  test("of which the second is answered connects once; a late answer to the first goes nowhere", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const scripted = new ScriptedHub();
    const connecting = connectIn(scripted.environment(), trusting);
    vi.advanceTimersByTime(1_000);
    const first = await scripted.greetings.next();
    const second = await scripted.greetings.next();
    scripted.admit(first, { me: { ...me, app: "first" } });
    scripted.admit(second, { me: { ...me, app: "second" } });
    const hub = await connecting;
    await delivered();
    expect(hub.me.app).toBe("second");
    hub.close();
  });

  test("takes one acknowledgement: a second one on the port is ignored", async () => {
    const scripted = new ScriptedHub();
    const connecting = connectIn(scripted.environment(), trusting);
    const greeted = await scripted.greetings.next();
    const port = scripted.admit(greeted);
    const hub = await connecting;
    port.send({ op: 1, head: { connectionId: "other", version: 1, hub: "h2", me: { ...me, app: "evil" }, limits: {} } });
    await delivered();
    expect(hub.me.app).toBe("crm");
    const destroyed = hub.contexts.destroy("x");
    await port.reply(OpContextDestroy);
    await destroyed;
    hub.close();
  });

  test("can be given up by a signal, before and during", async () => {
    const scripted = new ScriptedHub();
    expect(await rejection(connectIn(scripted.environment(), { ...trusting, signal: AbortSignal.abort() }))).toMatchObject({
      code: "CANCELLED",
    });
    expect(scripted.greetings.items).toEqual([]);
    const controller = new AbortController();
    const connecting = connectIn(scripted.environment(), { ...trusting, signal: controller.signal });
    await scripted.greetings.next();
    controller.abort();
    expect(await rejection(connecting)).toMatchObject({ code: "CANCELLED" });
  });

  test("needs a window of a hub", async () => {
    const scripted = new ScriptedHub();
    const failed = rejection(connectIn(scripted.environment({ hubWindow: undefined }), trusting));
    expect(await failed).toMatchObject({ code: "HUB_NOT_FOUND" });
  });

  test("sends nothing to a page that is not trusted", async () => {
    const scripted = new ScriptedHub();
    const failed = rejection(connectIn(scripted.environment({ hubOrigin: "https://evil.test" }), trusting));
    expect(await failed).toMatchObject({ code: "HUB_UNTRUSTED", message: expect.stringContaining('hubOrigins: ["https://evil.test"]') });
    expect(scripted.greetings.items).toEqual([]);
  });

  test("goes to each trusted origin where the browser does not tell the hub's", async () => {
    const scripted = new ScriptedHub();
    const targets: string[] = [];
    const { postMessage } = scripted.window;
    scripted.window.postMessage = (message, target, transfer) => (targets.push(target), postMessage(message, target, transfer));
    const environment = scripted.environment({ hubOrigin: undefined, hint: "https://idp.example.com" });
    const connecting = connectIn(environment, { hubOrigins: ["https://old.example.com", hubOrigin] });
    await scripted.admitNext();
    (await connecting).close();
    expect(targets).toEqual(["https://old.example.com", hubOrigin]);
  });
});

describe("challenge", () => {
  test.each([
    ["before the acknowledgement", true],
    ["after it", false],
  ])("that comes %s is echoed on the port", async (_, early) => {
    const scripted = new ScriptedHub();
    const connecting = connectIn(scripted.environment(), trusting);
    const greeted = await scripted.greetings.next();
    let resolved = false;
    void connecting.then(() => (resolved = true));
    if (early) scripted.challenge("n1");
    const port = scripted.admit(greeted, { challenge: true });
    await delivered();
    expect(resolved).toBe(early);
    if (!early) scripted.challenge("n1");
    const hub = await connecting;
    expect((await port.next(OpProve)).name).toBe("n1");
    hub.close();
  });

  test("from another window or origin is ignored", async () => {
    const scripted = new ScriptedHub();
    const connecting = connectIn(scripted.environment(), trusting);
    const port = scripted.admit(await scripted.greetings.next(), { challenge: true });
    await delivered();
    const data = { crossframe: "CHALLENGE", nonce: "evil" };
    scripted.postToWindow(data, { source: {} });
    scripted.postToWindow(data, { source: null });
    scripted.postToWindow(data, { origin: "https://evil.test" });
    scripted.postToWindow(data, { origin: `${hubOrigin}.evil.test` });
    for (const junk of [null, 1, "CHALLENGE", [], { crossframe: 1 }, { crossframe: "CHALLENGE" }, { crossframe: "CHALLENGE", nonce: 1 }]) {
      scripted.postToWindow(junk);
    }
    scripted.challenge("good");
    const hub = await connecting;
    await delivered();
    expect(port.messages.items.map(({ op, name }) => [op, name])).toEqual([[OpProve, "good"]]);
    hub.close();
  });

  test("is echoed again after each load, with no word to the app", async () => {
    const { hub, port, scripted } = await connected();
    const events: string[] = [];
    hub.on("disconnected", () => events.push("disconnected"));
    scripted.challenge("n2");
    scripted.challenge("n3");
    expect((await port.next(OpProve)).name).toBe("n2");
    expect((await port.next(OpProve)).name).toBe("n3");
    expect(events).toEqual([]);
    hub.close();
  });

  test("that never comes ends in a timeout, and a refusal meanwhile with its code", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const scripted = new ScriptedHub();
    const silent = rejection(connectIn(scripted.environment(), { ...trusting, timeout: 500 }));
    await scripted.admitNext({ challenge: true });
    await delivered();
    vi.advanceTimersByTime(500);
    expect((await silent).code).toBe("HANDSHAKE_TIMEOUT");

    const revoked = rejection(connectIn(scripted.environment(), trusting));
    (await scripted.admitNext({ challenge: true })).refuse({ code: "SESSION_REVOKED", message: "no echo" });
    expect((await revoked).code).toBe("SESSION_REVOKED");
  });

  test("comes before anything else on the port", async () => {
    const scripted = new ScriptedHub();
    const connecting = connectIn(scripted.environment(), trusting);
    const port = scripted.admit(await scripted.greetings.next(), { challenge: true });
    await delivered();
    scripted.challenge("n1");
    const hub = await connecting;
    void hub.contexts.get("x").catch(() => {});
    await delivered();
    expect(port.messages.items[0]?.op).toBe(OpProve);
    hub.close();
  });
});

describe("listeners", () => {
  test("are gone after a failure and after close", async () => {
    const scripted = new ScriptedHub();
    const counts = countListeners(scripted.events);
    const failing = rejection(connectIn(scripted.environment(), trusting));
    new HubPort((await scripted.greetings.next()).port, "").refuse({ code: "SOURCE_UNKNOWN", message: "" });
    await failing;
    expect(counts.now).toBe(0);
    const connecting = connectIn(scripted.environment(), trusting);
    await scripted.admitNext();
    const hub = await connecting;
    expect(counts.now).toBeGreaterThan(0);
    hub.close();
    expect(counts.now).toBe(0);
  });
});

describe("connectPort", () => {
  test("needs no window: it waits for the acknowledgement on the port", async () => {
    const scripted = new ScriptedHub();
    const { port1, port2 } = new MessageChannel();
    const connecting = connectPort(() => port1);
    scripted.admit({ port: port2 }, { me: { ...me, main: true } });
    const hub = await connecting;
    expect(hub.me.main).toBe(true);
    hub.close();
  });

  test("times out, is given up by a signal, and rejects with a refusal", async () => {
    expect(await rejection(connectPort(() => new MessageChannel().port1, { timeout: 5 }))).toMatchObject({ code: "HANDSHAKE_TIMEOUT" });
    const signal = AbortSignal.abort();
    expect(await rejection(connectPort(() => new MessageChannel().port1, { signal }))).toMatchObject({ code: "CANCELLED" });
    const { port1, port2 } = new MessageChannel();
    new HubPort(port2, "").refuse({ code: "HUB_NOT_READY", message: "booting", retryable: true });
    expect(await rejection(connectPort(() => port1))).toMatchObject({ code: "HUB_NOT_READY", retryable: true });
  });
});

function countListeners(target: EventTarget): { now: number } {
  const counts = { now: 0 };
  const { addEventListener, removeEventListener } = target;
  target.addEventListener = (...args: Parameters<typeof addEventListener>) => (counts.now++, addEventListener.apply(target, args));
  target.removeEventListener = (...args: Parameters<typeof removeEventListener>) => (counts.now--, removeEventListener.apply(target, args));
  return counts;
}
