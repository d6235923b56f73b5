import {
  OpAppWatch,
  OpBye,
  OpCall,
  OpCancel,
  OpContextEvent,
  OpContextSubscribe,
  OpContextUnsubscribe,
  OpContextValue,
  OpError,
  OpGone,
  OpInvoke,
  OpMethods,
  OpPeer,
  OpProve,
  OpRegister,
  OpResult,
  OpUnregister,
  OpWatch,
} from "@crossframe/protocol";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Call } from "../src/api/call.js";
import { connectPort, type Hub } from "../src/index.js";
import { connected, delivered, me, other, rejection, ScriptedHub, type HubPort } from "./hub.js";

afterEach(() => void vi.useRealTimers());

/** Lists the events of a hub as they come. */
function events(hub: Hub): unknown[] {
  const seen: unknown[] = [];
  hub.on("disconnected", ({ code }) => seen.push(["disconnected", code]));
  hub.on("reconnected", ({ lost }) => seen.push(["reconnected", lost.map(({ what, error }) => [what, error.code])]));
  hub.on("closed", ({ code }) => seen.push(["closed", code]));
  return seen;
}

function pageEvent(type: "pagehide" | "pageshow", persisted: boolean): Event {
  return Object.assign(new Event(type), { persisted });
}

describe("peers", () => {
  test("are known from their introduction until they leave", async () => {
    const { hub, port } = await connected();
    const callers: unknown[] = [];
    const registering = hub.interop.register("m", (_, call) => void callers.push(call.caller));
    const { id } = await port.reply(OpRegister);
    await registering;
    const third = { ...other, peer: 11, instance: "i11" };
    port.send({ op: OpPeer, peer: 11, head: third }, { op: OpCall, id: 1, ref: id, peer: 11 });
    await port.next(OpResult);
    port.send({ op: OpGone, peer: 11 }, { op: OpCall, id: 2, ref: id, peer: 11 });
    await port.next(OpResult);
    expect(callers).toEqual([third, { peer: 11, instance: "", app: "", origin: "" }]);
    hub.close();
  });
});

describe("what the hub takes back", () => {
  test("is told with its reason, gets nothing any more, and does not come back", async () => {
    const { hub, port, scripted } = await connected();
    const lost: unknown[] = [];
    hub.on("lost", ({ what, error }) => lost.push([what, error.code]));
    const told = vi.fn();
    const setup = [hub.interop.register("m", () => 1), hub.contexts.subscribe("c", told)];
    const { id: registration } = await port.reply(OpRegister);
    const { id: subscription } = await port.next(OpContextSubscribe);
    port.send({ op: OpContextValue, id: subscription, ref: 1, json: { n: 1 } });
    const [takeBack] = await Promise.all(setup);
    const head = { code: "PERMISSION_DENIED", message: "" };
    port.send({ op: OpError, id: 0, head }, { op: OpError, id: 999, head });
    port.send({ op: OpError, id: registration, head }, { op: OpError, id: subscription, head });
    port.send({ op: OpContextEvent, id: 2, ref: subscription, json: { n: 2 } });
    port.send({ op: OpCall, id: 5, ref: registration, peer: other.peer });
    expect((await port.next(OpError)).id).toBe(5);
    expect(lost).toEqual([["interop.register m", "PERMISSION_DENIED"], ["contexts.subscribe c", "PERMISSION_DENIED"]]);
    expect(told).toHaveBeenCalledTimes(1);
    await takeBack!();
    hub.reconnect();
    const second = await scripted.admitNext();
    await delivered();
    expect(second.messages.items).toEqual([]);
    const again = hub.contexts.subscribe("c", () => {});
    await answerContexts(second, { c: 3 });
    await again;
    hub.close();
  });
});

describe("close", () => {
  test("says bye, rejects what waits, aborts what runs, and ends for good", async () => {
    const { hub, port, scripted } = await connected();
    const seen = events(hub);
    let running: Call | undefined;
    const registering = hub.interop.register("m", (_, call) => ((running = call), new Promise(() => {})));
    const { id } = await port.reply(OpRegister);
    await registering;
    port.send({ op: OpCall, id: 1, ref: id, peer: other.peer });
    const waiting = rejection(hub.interop.invoke("x"));
    await port.next(OpInvoke);
    hub.close();
    hub.close();
    expect(await waiting).toMatchObject({ code: "DISCONNECTED", retryable: false });
    expect(running?.signal.aborted).toBe(true);
    await port.next(OpBye);
    expect((await rejection(hub.interop.invoke("x"))).code).toBe("DISCONNECTED");
    hub.reconnect();
    await delivered();
    expect([scripted.greetings.items, port.messages.items]).toEqual([[], []]);
    expect(seen).toEqual([["closed", "DISCONNECTED"]]);
  });

  test("a listener that was taken off hears nothing", async () => {
    const { hub } = await connected();
    let heard = 0;
    const off = hub.on("closed", () => heard++);
    off();
    hub.close();
    expect(heard).toBe(0);
  });
});

describe("a refusal at run time", () => {
  test.each(["SUPERSEDED", "SESSION_CLOSED", "ORIGIN_BLOCKED", "ORIGIN_NOT_ALLOWED", "LICENSE_EXPIRED"] as const)("of %s ends for good", async (code) => {
    const { hub, port, scripted } = await connected();
    const seen = events(hub);
    const waiting = rejection(hub.interop.invoke("x"));
    await port.next(OpInvoke);
    port.refuse({ code, message: "" });
    expect((await waiting).code).toBe(code);
    await delivered();
    expect(seen).toEqual([["disconnected", code], ["closed", code]]);
    expect(scripted.greetings.items).toEqual([]);
  });

  test("of SESSION_REVOKED is followed by one more greeting; a second one soon after is the end", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const { hub, port, scripted } = await connected();
    const seen = events(hub);
    port.refuse({ code: "SESSION_REVOKED", message: "" });
    await delivered();
    expect(scripted.greetings.items).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    const again = await scripted.admitNext();
    await delivered();
    await vi.advanceTimersByTimeAsync(30_000);
    again.refuse({ code: "SESSION_REVOKED", message: "" });
    await delivered();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(scripted.greetings.items).toEqual([]);
    expect(seen).toEqual([
      ["disconnected", "SESSION_REVOKED"],
      ["reconnected", []],
      ["disconnected", "SESSION_REVOKED"],
      ["closed", "SESSION_REVOKED"],
    ]);
  });

  test("is the end where the app does not want to reconnect", async () => {
    const { hub, port } = await connected({ reconnect: false });
    const seen = events(hub);
    port.refuse({ code: "SESSION_REVOKED", message: "" });
    await delivered();
    expect(seen).toEqual([["disconnected", "SESSION_REVOKED"], ["closed", "SESSION_REVOKED"]]);
    hub.close();
  });
});

describe("a hub that is connected to anew", () => {
  test("is greeted anew; methods, subscriptions and watches come back, and differences are told", async () => {
    const { hub, port, scripted } = await connected();
    const seen = events(hub);
    const values: unknown[] = [];
    const methods: unknown[] = [];
    const apps: unknown[] = [];
    const a = { name: "a", peer: other };
    const b = { name: "b", peer: other };
    const [x, y] = [{ instance: "x", app: "x", state: "connected" }, { instance: "y", app: "y", state: "connected" }];
    const setup = [
      hub.interop.register("m", () => "answer"),
      hub.contexts.subscribe("same", (value) => values.push(["same", value])),
      hub.contexts.subscribe("changed", (value, { kind }) => values.push(["changed", kind, value])),
      hub.interop.watch(undefined, (change) => methods.push(change)),
      hub.apps.watch(({ instances, stopped }) => apps.push([instances, stopped])),
    ];
    await port.reply(OpRegister);
    await answerContexts(port, { same: 1, changed: 1 });
    await port.reply(OpWatch, { head: { methods: [a] } });
    await port.reply(OpAppWatch, { head: { instances: [x, y] } });
    await Promise.all(setup);
    const waiting = rejection(hub.interop.invoke("x"));
    await port.next(OpInvoke);
    values.length = methods.length = apps.length = 0;

    hub.reconnect();
    expect(await waiting).toMatchObject({ code: "DISCONNECTED", retryable: true });
    expect(await rejection(hub.interop.invoke("x"))).toMatchObject({ code: "DISCONNECTED", retryable: true });
    const second = await scripted.admitNext({ me: { ...me, peer: 70 } });
    const registered = await second.reply(OpRegister);
    await answerContexts(second, { same: 1, changed: 2 });
    const watch = await second.reply(OpWatch, { head: { methods: [b] } });
    await second.reply(OpAppWatch, { head: { instances: [y] } });
    await delivered();
    expect(seen).toEqual([["disconnected", "DISCONNECTED"], ["reconnected", []]]);
    expect(hub.me.peer).toBe(70);
    expect(values).toEqual([["changed", "set", { v: 2 }]]);
    expect(methods).toEqual([{ added: [b], removed: [a] }]);
    expect(apps).toEqual([[[y], [x]]]);

    second.send({ op: OpCall, id: 1, ref: registered.id, peer: other.peer }, { op: OpMethods, ref: watch.id, head: { added: [a] } });
    expect((await second.next(OpResult)).body).toBe('"answer"');
    expect(methods.at(-1)).toEqual({ added: [a], removed: [] });
    hub.close();
  });

  test("gets nothing of the calls of the former one", async () => {
    const { hub, port, scripted } = await connected();
    let finish: (value: string) => void = () => {};
    const registering = hub.interop.register("m", () => new Promise<string>((resolve) => (finish = resolve)));
    const { id } = await port.reply(OpRegister);
    await registering;
    port.send({ op: OpCall, id: 1, ref: id, peer: other.peer });
    await delivered();
    hub.reconnect();
    const second = await scripted.admitNext();
    await second.reply(OpRegister);
    finish("old");
    await delivered();
    expect(second.messages.items).toEqual([]);
    hub.close();
  });

  test("is told nothing before the echo", async () => {
    const { hub, port, scripted } = await connected();
    const registering = hub.interop.register("m", () => 1);
    await port.reply(OpRegister);
    await registering;
    hub.reconnect();
    const second = await scripted.admitNext({ challenge: true });
    await delivered();
    expect((await rejection(hub.interop.invoke("x"))).code).toBe("DISCONNECTED");
    expect(second.messages.items).toEqual([]);
    scripted.challenge("n");
    await second.next(OpProve);
    await second.reply(OpRegister);
    hub.close();
  });

  test("lists what did not come back, and stays without it", async () => {
    const { hub, port, scripted } = await connected();
    const seen = events(hub);
    const setup = [hub.interop.register("m", () => 1), hub.contexts.subscribe("c", () => {})];
    await port.reply(OpRegister);
    await answerContexts(port, { c: 1 });
    await Promise.all(setup);
    hub.reconnect();
    const second = await scripted.admitNext();
    await second.fail(OpRegister, { code: "METHOD_EXISTS", message: "" });
    await second.fail(OpContextSubscribe, { code: "PERMISSION_DENIED", message: "" });
    await delivered();
    expect(seen.at(-1)).toEqual([
      "reconnected",
      [["interop.register m", "METHOD_EXISTS"], ["contexts.subscribe c", "PERMISSION_DENIED"]],
    ]);
    const again = hub.contexts.subscribe("c", () => {});
    await answerContexts(second, { c: 1 });
    await again;
    hub.reconnect();
    const third = await scripted.admitNext();
    await answerContexts(third, { c: 1 });
    await delivered();
    expect(third.messages.items).toEqual([]);
    hub.close();
  });

  test("that is lost once more while things come back loses none of them", async () => {
    const { hub, port, scripted } = await connected();
    const registering = hub.interop.register("m", () => 1);
    await port.reply(OpRegister);
    await registering;
    hub.reconnect();
    const second = await scripted.admitNext();
    await second.next(OpRegister);
    hub.reconnect();
    const third = await scripted.admitNext();
    expect((await third.reply(OpRegister)).name).toBe("m");
    hub.close();
  });

  test("that is lost once more does not bring back what was ended meanwhile", async () => {
    const { hub, port, scripted } = await connected();
    const registering = hub.interop.register("m", () => 1);
    await port.reply(OpRegister);
    const unregister = await registering;
    hub.reconnect();
    const second = await scripted.admitNext();
    await second.next(OpRegister);
    const ending = unregister();
    hub.reconnect();
    await ending;
    const third = await scripted.admitNext();
    await delivered();
    expect(third.messages.items).toEqual([]);
    hub.close();
  });

  test("is tried several times, then the session is over", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { hub } = await connected();
    const seen = events(hub);
    hub.reconnect();
    hub.reconnect();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen).toEqual([["disconnected", "DISCONNECTED"], ["closed", "HANDSHAKE_TIMEOUT"]]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("stops being greeted where the app closes meanwhile", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { hub, scripted } = await connected();
    const seen = events(hub);
    hub.reconnect();
    await delivered();
    hub.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(seen).toEqual([["disconnected", "DISCONNECTED"], ["closed", "DISCONNECTED"]]);
    expect([scripted.greetings.items.length, vi.getTimerCount()]).toEqual([1, 0]);
  });
});

describe("the page", () => {
  test("says bye at once when it is left", async () => {
    const { hub, port, scripted } = await connected();
    const posted = vi.spyOn(MessagePort.prototype, "postMessage");
    scripted.events.dispatchEvent(pageEvent("pagehide", false));
    expect(posted).toHaveBeenCalledOnce();
    posted.mockRestore();
    await port.next(OpBye);
    hub.close();
  });

  test("connects again when it comes back from the browser's cache, and only then", async () => {
    const { hub, port, scripted } = await connected();
    const seen = events(hub);
    scripted.events.dispatchEvent(pageEvent("pageshow", false));
    scripted.events.dispatchEvent(pageEvent("pagehide", true));
    await port.next(OpBye);
    await delivered();
    expect(scripted.greetings.items).toEqual([]);
    scripted.events.dispatchEvent(pageEvent("pageshow", true));
    await scripted.admitNext();
    await delivered();
    expect(seen).toEqual([["disconnected", "DISCONNECTED"], ["reconnected", []]]);
    hub.close();
  });
});

describe("reconnect", () => {
  test("over a port asks for another one", async () => {
    const scripted = new ScriptedHub();
    const given: MessagePort[] = [];
    const connecting = connectPort(() => {
      const { port1, port2 } = new MessageChannel();
      given.push(port2);
      return port1;
    });
    await delivered();
    scripted.admit({ port: given[0] as MessagePort });
    const hub = await connecting;
    const seen = events(hub);
    hub.reconnect();
    await delivered();
    expect(given.length).toBe(2);
    scripted.admit({ port: given[1] as MessagePort });
    await delivered();
    expect(seen).toEqual([["disconnected", "DISCONNECTED"], ["reconnected", []]]);
    hub.close();
  });
});

describe("nothing is left behind", () => {
  test("after a busy life", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { hub, port, scripted } = await connected();
    const ran: Call[] = [];
    for (let round = 0; round < 200; round++) {
      const registering = hub.interop.register("m", (_, call) => void ran.push(call));
      const registered = await port.reply(OpRegister);
      const unregister = await registering;
      const subscribing = hub.contexts.subscribe("c", () => {});
      await answerContexts(port, { c: round });
      const stop = await subscribing;
      const calls = [hub.interop.invoke("x"), hub.interop.invoke("x", 1, { signal: AbortSignal.abort() }).catch(() => {})];
      port.send({ op: OpResult, id: (await port.next(OpInvoke)).id }, { op: OpCall, id: round + 1, ref: registered.id, peer: 9 });
      await Promise.allSettled(calls);
      await port.next(OpResult);
      stop();
      await port.reply(OpContextUnsubscribe);
      const ending = unregister();
      await port.reply(OpUnregister);
      await ending;
    }
    await delivered();
    // Nothing waits for an answer, or the clock would go on ticking.
    await vi.advanceTimersByTimeAsync(10_000);
    expect([vi.getTimerCount(), port.messages.items]).toEqual([0, []]);
    // Nothing stands, or it would be asked for again; no call runs, or it would be aborted.
    hub.reconnect();
    const again = await scripted.admitNext();
    await delivered();
    expect([again.messages.items, ran.length, ran.some(({ signal }) => signal.aborted)]).toEqual([[], 200, false]);
    hub.close();
  });

  test("by signals: their listeners are taken off when the answer is there", async () => {
    const { hub, port } = await connected();
    const { signal } = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => (listeners++, addEventListener.apply(signal, args));
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => (listeners--, removeEventListener.apply(signal, args));
    const calling = hub.interop.invoke("x", 1, { signal });
    expect(listeners).toBe(1);
    port.send({ op: OpResult, id: (await port.next(OpInvoke)).id });
    await calling;
    expect(listeners).toBe(0);
    const lost = rejection(hub.interop.invoke("x", 1, { signal }));
    hub.close();
    expect([(await lost).code, listeners]).toEqual(["DISCONNECTED", 0]);
    expect(port.messages.items.some(({ op }) => op === OpCancel)).toBe(false);
  });
});

/** Answers a subscription for each name, with {v} as the value and v as the revision. */
async function answerContexts(port: HubPort, values: Record<string, number>): Promise<void> {
  for (const name of Object.keys(values)) {
    const { id } = await port.messages.next((m) => m.op === OpContextSubscribe && m.name === name);
    const v = values[name] as number;
    port.send({ op: OpContextValue, id, ref: v, json: { v } });
  }
}

test("a reconnect while a context is subscribed to anew leaves the new value alone", async () => {
  const { hub, port, scripted } = await connected();
  const values: unknown[] = [];
  const subscribing = hub.contexts.subscribe("c", (value) => values.push(value));
  const { id } = await port.next(OpContextSubscribe);
  port.send({ op: OpContextValue, id, ref: 1, json: { v: 1 } });
  await subscribing;
  port.send({ op: OpContextEvent, id: 9, ref: id, peer: 9, json: { w: 1 } });
  await port.next(OpContextSubscribe);
  hub.reconnect();
  const second = await scripted.admitNext();
  await answerContexts(second, { c: 3 });
  await delivered();
  expect(values).toEqual([{ v: 1 }, { v: 3 }]);
  expect(second.messages.items).toEqual([]);
  hub.close();
});
