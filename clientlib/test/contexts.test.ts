import {
  OpContextDestroy,
  OpContextEvent,
  OpContextGet,
  OpContextList,
  OpContextPatch,
  OpContextSet,
  OpContextSubscribe,
  OpContextUnsubscribe,
  OpContextUpdate,
  OpContextValue,
  OpError,
  OpReply,
} from "@crossframe/protocol";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Change } from "../src/api/replica.js";
import type { Json } from "../src/api/merge.js";
import { connected, delivered, me, other, rejection, type HubPort, type Scripted } from "./hub.js";

afterEach(() => void vi.useRealTimers());

type Seen = [value: Json | undefined, change: Change];

const head = (m: { head: string }) => JSON.parse(m.head || "{}") as Record<string, unknown>;

/** Answers a subscription with a value, and messages behind it in the same frame. */
async function answer(port: HubPort, revision: number, json: unknown, behind: (ref: number) => Scripted[] = () => []): Promise<number> {
  const { id } = await port.next(OpContextSubscribe);
  port.send({ op: OpContextValue, id, ref: revision, json }, ...behind(id));
  return id;
}

/** A subscribed app: what its listener saw, and how to send it changes. */
async function subscribed(revision: number, json: unknown) {
  const connection = await connected();
  const { hub, port } = connection;
  const seen: Seen[] = [];
  const subscribing = hub.contexts.subscribe("c", (value, change) => seen.push([value, change]));
  const ref = await answer(port, revision, json);
  const stop = await subscribing;
  const event = (id: number, fields: Partial<Scripted> = {}) => ({ op: OpContextEvent, id, ref, peer: other.peer, ...fields });
  return { ...connection, seen, stop, ref, event };
}

describe("reading and writing", () => {
  test("get and read", async () => {
    const { hub, port } = await connected();
    const getting = hub.contexts.get<{ a: number }>("c");
    const asked = await port.next(OpContextGet);
    port.send({ op: OpContextValue, id: asked.id, ref: 4, json: { a: 1 }, head: { name: "c", revision: 4 } });
    expect([asked.name, await getting]).toEqual(["c", { a: 1 }]);

    const reading = hub.contexts.read("none");
    const { id } = await port.next(OpContextGet);
    port.send({ op: OpContextValue, id });
    expect(await reading).toEqual({ value: undefined, revision: 0, info: {} });
    hub.close();
  });

  test.each<[string, number, (c: import("../src/index.js").Contexts) => Promise<unknown>, object, unknown]>([
    ["set", OpContextSet, (c) => c.set("c", { a: 1 }), {}, { a: 1 }],
    ["set where there is none", OpContextSet, (c) => c.set("c", {}, { ifRevision: 0, lifetime: "owner" }), { ifRevision: -1, lifetime: "owner" }, {}],
    ["update", OpContextUpdate, (c) => c.update("c", { a: 1 }, { ifRevision: 3, remove: ["b"] }), { ifRevision: 3, remove: ["b"] }, { a: 1 }],
    [
      "patch",
      OpContextPatch,
      (c) => c.patch("c", { set: [[["a", "b"], 1], [["c"], null]], remove: [["d"]] }, { ifRevision: 2 }),
      { ifRevision: 2, set: [["a", "b"], ["c"]], remove: [["d"]] },
      [1, null],
    ],
    ["setPath", OpContextPatch, (c) => c.setPath("c", ["a.b", "c"], 5), { set: [["a.b", "c"]] }, [5]],
    ["removePath", OpContextPatch, (c) => c.removePath("c", ["a"], { ifRevision: 1 }), { ifRevision: 1, set: [], remove: [["a"]] }, []],
  ])("%s resolves with the revision", async (_, op, write, wantHead, wantBody) => {
    const { hub, port } = await connected();
    const writing = write(hub.contexts);
    const asked = await port.reply(op, { ref: 12 });
    expect([asked.name, head(asked), JSON.parse(asked.body as string)]).toEqual(["c", wantHead, wantBody]);
    expect(await writing).toBe(12);
    hub.close();
  });

  test("a conflict tells the current revision", async () => {
    const { hub, port } = await connected();
    const failed = rejection(hub.contexts.set("c", {}, { ifRevision: 1 }));
    await port.fail(OpContextSet, { code: "REVISION_CONFLICT", message: "", retryable: true, revision: 9 });
    expect(await failed).toMatchObject({ code: "REVISION_CONFLICT", revision: 9, retryable: true });
    hub.close();
  });

  test("destroy and list", async () => {
    const { hub, port } = await connected();
    const destroying = hub.contexts.destroy("c");
    expect((await port.reply(OpContextDestroy)).name).toBe("c");
    await destroying;
    const listing = hub.contexts.list();
    await port.reply(OpContextList, { head: { contexts: [{ name: "c", revision: 1 }] } });
    expect(await listing).toEqual([{ name: "c", revision: 1 }]);
    hub.close();
  });
});

describe("a scope", () => {
  const scope = "group:desk";

  test.each<[string, number, (c: import("../src/index.js").Contexts) => Promise<unknown>]>([
    ["get", OpContextGet, (c) => c.get("c", { scope })],
    ["read", OpContextGet, (c) => c.read("c", { scope })],
    ["set", OpContextSet, (c) => c.set("c", {}, { scope })],
    ["update", OpContextUpdate, (c) => c.update("c", {}, { scope })],
    ["patch", OpContextPatch, (c) => c.patch("c", {}, { scope })],
    ["setPath", OpContextPatch, (c) => c.setPath("c", ["a"], 1, { scope })],
    ["removePath", OpContextPatch, (c) => c.removePath("c", ["a"], { scope })],
    ["subscribe", OpContextSubscribe, (c) => c.subscribe("c", () => undefined, { scope })],
    ["destroy", OpContextDestroy, (c) => c.destroy("c", { scope })],
    ["list", OpContextList, (c) => c.list({ scope })],
  ])("travels with %s", async (_, op, ask) => {
    const { hub, port } = await connected();
    ask(hub.contexts).catch(() => undefined);
    expect(head(await port.next(op))).toMatchObject({ scope });
    hub.close();
  });

  test("makes another context of the same name", async () => {
    const { hub, port } = await connected();
    const seen: unknown[] = [];
    for (const options of [undefined, { scope: "user" as const }]) {
      const subscribing = hub.contexts.subscribe("c", (value) => seen.push(value), options);
      await answer(port, 1, options ?? {});
      await subscribing;
    }
    expect(seen).toEqual([{}, { scope: "user" }]);
    hub.close();
  });
});

describe("a pending write", () => {
  /** Writes, and is answered that the write is pending. */
  async function pending() {
    const connection = await connected();
    let settled: Promise<number> | undefined;
    const writing = connection.hub.contexts.update("c", {}, { scope: "user", onPending: (promise) => (settled = promise) });
    const asked = await connection.port.reply(OpContextUpdate, { ref: 4, head: { pending: true } });
    expect([await writing, head(asked)]).toEqual([4, { scope: "user" }]);
    return { ...connection, id: asked.id, settled: settled as unknown as Promise<number> };
  }

  test("resolves with the revision that it was based on, and later with its own", async () => {
    const { hub, port, id, settled } = await pending();
    port.send({ op: OpReply, id, ref: 9 });
    expect(await settled).toBe(9);
    hub.close();
  });

  test("may come to nothing", async () => {
    const { hub, port, id, settled } = await pending();
    port.send({ op: OpError, id, head: { code: "QUOTA_EXCEEDED", message: "full" } });
    expect(await rejection(settled)).toMatchObject({ code: "QUOTA_EXCEEDED" });
    hub.close();
  });

  test("waits for as long as it takes, and ends with the connection", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { hub, settled } = await pending();
    let over = false;
    settled.then(undefined, () => (over = true));
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(over).toBe(false);
    hub.close();
    expect(await rejection(settled)).toMatchObject({ code: "DISCONNECTED" });
  });

  test("that nobody asked about is only answered once", async () => {
    const { hub, port } = await connected();
    const writing = hub.contexts.destroy("c", { scope: "user" });
    const { id } = await port.reply(OpContextDestroy, { ref: 4, head: { pending: true } });
    await writing;
    port.send({ op: OpError, id, head: { code: "NOT_OWNER", message: "" } });
    const listing = hub.contexts.list();
    await port.reply(OpContextList, { head: { contexts: [] } });
    expect(await listing).toEqual([]);
    hub.close();
  });

  test("is not pending where the broker answers", async () => {
    const { hub, port } = await connected();
    const told = vi.fn();
    const writing = hub.contexts.set("c", {}, { scope: "user", onPending: told });
    await port.reply(OpContextSet, { ref: 5 });
    expect([await writing, told.mock.calls]).toEqual([5, []]);
    hub.close();
  });
});

describe("a subscription beyond the page", () => {
  test("shows pending writes on top of the revision, and then what came of them", async () => {
    const { hub, port, seen, event } = await subscribed(4, { a: 1 });
    port.send(
      event(4, { head: { pending: true }, json: { b: 2 } }),
      event(4, { head: { kind: "patch", set: [["a"]], pending: true }, json: [5] }),
      event(7, { head: { gap: "skipped" }, json: {}, peer: 0 }),
      event(8, { json: { c: 3 } }),
    );
    await delivered();
    expect(seen.slice(1).map(([value, { kind, revision, pending, gap }]) => [value, kind, revision, pending, gap])).toEqual([
      [{ a: 1, b: 2 }, "update", 4, true, undefined],
      [{ a: 5, b: 2 }, "patch", 4, true, undefined],
      [{ a: 5, b: 2 }, "update", 7, undefined, "skipped"],
      [{ a: 5, b: 2, c: 3 }, "update", 8, undefined, undefined],
    ]);
    hub.close();
  });

  test("takes a value of the same revision where pending writes came to nothing", async () => {
    const { hub, port, seen, event } = await subscribed(4, { a: 1 });
    port.send(event(4, { head: { pending: true }, json: { b: 2 } }), event(4, { head: { kind: "set", gap: "skipped" }, json: { a: 1 } }));
    await delivered();
    expect(seen.at(-1)).toMatchObject([{ a: 1 }, { revision: 4, gap: "skipped" }]);
    expect(seen.at(-1)?.[1].pending).toBeUndefined();
    hub.close();
  });

  test("begins anew where the store is another one, and passes over what is older", async () => {
    const { hub, port, seen, event } = await subscribed(40, { a: 1 });
    port.send(
      event(2, { head: { kind: "set", gap: "skipped" }, json: {} }),
      event(2, { head: { kind: "set", gap: "lost" }, json: { b: 1 } }),
      event(3, { json: { c: 1 } }),
    );
    await delivered();
    expect(seen.slice(1).map(([value, { revision, gap }]) => [value, revision, gap])).toEqual([
      [{ b: 1 }, 2, "lost"],
      [{ b: 1, c: 1 }, 3, undefined],
    ]);
    hub.close();
  });

  test("tells who comes later that writes are pending", async () => {
    const { hub, port, event } = await subscribed(4, { a: 1 });
    port.send(event(4, { head: { pending: true }, json: { b: 2 } }));
    await delivered();
    const listener = vi.fn();
    await hub.contexts.subscribe("c", listener);
    expect(listener).toHaveBeenCalledWith({ a: 1, b: 2 }, { kind: "set", revision: 4, pending: true });
    hub.close();
  });
});

describe("a subscription", () => {
  test("tells the value, then each kind of change, and who wrote", async () => {
    const { port, seen, event, hub } = await subscribed(3, { a: 1, b: { c: 1 } });
    port.send(
      event(4, { json: { a: 2 } }),
      event(5, { head: { removed: ["a"] }, json: { d: 4 }, peer: me.peer }),
      event(6, { head: { kind: "patch", set: [["b", "x"]], remove: [["b", "c"]] }, json: [9] }),
      event(7, { head: { kind: "set" }, json: { z: 1 } }),
      event(8, { head: { kind: "destroyed" } }),
      event(9, { json: { again: true } }),
      event(10, { head: { kind: "destroyed" }, peer: 0 }),
    );
    await delivered();
    expect(seen).toEqual([
      [{ a: 1, b: { c: 1 } }, { kind: "set", revision: 3 }],
      [{ a: 2, b: { c: 1 } }, { kind: "update", revision: 4, writer: other, delta: { a: 2 }, removed: [] }],
      [{ b: { c: 1 }, d: 4 }, { kind: "update", revision: 5, writer: me, delta: { d: 4 }, removed: ["a"] }],
      [
        { b: { x: 9 }, d: 4 },
        { kind: "patch", revision: 6, writer: other, set: [[["b", "x"], 9]], removedPaths: [["b", "c"]] },
      ],
      [{ z: 1 }, { kind: "set", revision: 7, writer: other }],
      [undefined, { kind: "destroyed", revision: 8, writer: other }],
      [{ again: true }, { kind: "update", revision: 9, writer: other, delta: { again: true }, removed: [] }],
      [undefined, { kind: "destroyed", revision: 10 }],
    ]);
    hub.close();
  });

  test("of a context that does not exist yet begins with undefined", async () => {
    const { port, seen, event, hub } = await subscribed(0, undefined);
    port.send(event(1, { json: { a: 1 } }));
    await delivered();
    expect(seen.map(([value, { revision }]) => [value, revision])).toEqual([[undefined, 0], [{ a: 1 }, 1]]);
    hub.close();
  });

  test("keeps __proto__ and friends as plain members", async () => {
    const { port, seen, event, hub } = await subscribed(1, {});
    port.port.postMessage([
      "c1", OpContextEvent, 2, event(2).ref, other.peer, "", "", '{"__proto__":{"polluted":1},"constructor":1,"toJSON":2}',
    ]);
    await delivered();
    const value = seen[1]?.[0] as Json;
    expect(JSON.stringify(value)).toContain("__proto__" satisfies string);
    expect(Object.keys(value)).toEqual(["__proto__", "constructor", "toJSON"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    hub.close();
  });

  test("passes over what it knows already, and subscribes anew where a revision is missing", async () => {
    const { port, seen, event, ref, hub } = await subscribed(3, { a: 1 });
    port.send(event(3, { json: { a: 0 } }), event(5, { json: { b: 1 } }), event(6, { json: { c: 1 } }));
    expect((await port.reply(OpContextUnsubscribe)).ref).toBe(ref);
    const { id, name } = await port.next(OpContextSubscribe);
    port.send(
      event(7, { json: { d: 1 } }),
      { op: OpContextValue, id, ref: 7, json: { a: 1, b: 1, c: 1, d: 1 } },
      { ...event(8, { json: { e: 1 } }), ref: id },
    );
    await delivered();
    expect(name).toBe("c");
    expect(seen.slice(1)).toEqual([
      [{ a: 1, b: 1, c: 1, d: 1 }, { kind: "set", revision: 7 }],
      [{ a: 1, b: 1, c: 1, d: 1, e: 1 }, expect.objectContaining({ kind: "update", revision: 8 })],
    ]);
    expect(port.messages.items).toEqual([]);
    hub.close();
  });

  test("needs no read where the whole value comes", async () => {
    const { port, seen, event, hub } = await subscribed(3, { a: 1 });
    port.send(event(9, { head: { kind: "set" }, json: { b: 1 } }), event(12, { head: { kind: "destroyed" } }));
    await delivered();
    expect(seen.slice(1).map(([value, { revision }]) => [value, revision])).toEqual([[{ b: 1 }, 9], [undefined, 12]]);
    expect(port.messages.items).toEqual([]);
    hub.close();
  });

  test("tries again to subscribe anew where it failed, and no longer once it is over", async () => {
    const { port, seen, stop, event, hub } = await subscribed(1, {});
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const refused = { code: "RATE_LIMITED", message: "", retryable: true } as const;
    port.send(event(5, { json: { a: 1 } }));
    await port.fail(OpContextSubscribe, refused);
    await delivered();
    await vi.advanceTimersByTimeAsync(1_000);
    const { id } = await port.next(OpContextSubscribe);
    port.send({ op: OpContextValue, id, ref: 5, json: { a: 1 } }, { ...event(9), ref: id });
    await delivered();
    expect(seen.at(-1)).toEqual([{ a: 1 }, { kind: "set", revision: 5 }]);
    await port.fail(OpContextSubscribe, refused);
    await delivered();
    stop();
    await vi.advanceTimersByTimeAsync(5_000);
    await delivered();
    expect(port.messages.items.filter(({ op }) => op === OpContextSubscribe)).toEqual([]);
    hub.close();
  });

  test("is one at the hub for all local listeners, who get the same frozen object", async () => {
    const { port, seen, stop, event, ref, hub } = await subscribed(1, { a: 1 });
    const second: Seen[] = [];
    const stopSecond = await hub.contexts.subscribe("c", (...args) => second.push(args));
    port.send(event(2, { json: { b: 1 } }));
    await delivered();
    expect(second.map(([value]) => value)).toEqual([{ a: 1 }, { a: 1, b: 1 }]);
    expect(second[1]?.[0]).toBe(seen[1]?.[0]);
    expect(Object.isFrozen(second[1]?.[0])).toBe(true);
    stop();
    stop();
    await delivered();
    expect(port.messages.items).toEqual([]);
    stopSecond();
    expect((await port.next(OpContextUnsubscribe)).ref).toBe(ref);
    port.send(event(3, { json: { c: 1 } }));
    await delivered();
    expect([seen.length, second.length]).toEqual([2, 2]);
    hub.close();
  });

  test("whose listener throws still tells the others", async () => {
    const { port, event, hub, seen } = await subscribed(1, {});
    const thrown: string[] = [];
    const former = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    process.on("uncaughtException", (error) => thrown.push(error.message));
    await hub.contexts.subscribe("c", () => {
      throw new Error("listener");
    });
    const last: unknown[] = [];
    await hub.contexts.subscribe("c", (value) => last.push(value));
    port.send(event(2, { json: { a: 1 } }));
    await delivered();
    process.removeAllListeners("uncaughtException");
    for (const listener of former) process.on("uncaughtException", listener);
    expect(thrown).toEqual(["listener", "listener"]);
    expect([last.length, seen.length]).toEqual([2, 2]);
    hub.close();
  });

  test("joins the value and what stood behind it in one frame", async () => {
    const { hub, port } = await connected();
    const seen: Seen[] = [];
    const subscribing = hub.contexts.subscribe("c", (...args) => seen.push(args));
    await answer(port, 1, { a: 1 }, (ref) => [{ op: OpContextEvent, id: 2, ref, peer: other.peer, json: { b: 1 } }]);
    await subscribing;
    expect(seen).toEqual([[{ a: 1, b: 1 }, { kind: "set", revision: 2 }]]);
    hub.close();
  });

  test("that is refused rejects for everyone who waits, and can be tried again", async () => {
    const { hub, port } = await connected();
    const failed = [1, 2].map(() => rejection(hub.contexts.subscribe("c", () => {})));
    await port.fail(OpContextSubscribe, { code: "PERMISSION_DENIED", message: "" });
    expect((await Promise.all(failed)).map(({ code }) => code)).toEqual(["PERMISSION_DENIED", "PERMISSION_DENIED"]);
    const again = hub.contexts.subscribe("c", () => {});
    await answer(port, 0, undefined);
    await again;
    hub.close();
  });

  test("that ends while another begins leaves the other standing", async () => {
    const { hub, port, stop, ref } = await subscribed(1, {});
    const joining = hub.contexts.subscribe("c", () => {});
    stop();
    await joining;
    await delivered();
    expect(port.messages.items).toEqual([]);
    (await joining)();
    expect((await port.next(OpContextUnsubscribe)).ref).toBe(ref);
    port.send({ op: OpReply, id: 0 });
    hub.close();
  });
});
