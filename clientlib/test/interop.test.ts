import {
  FIELDS,
  OpAwait,
  OpCall,
  OpCancel,
  OpDiscover,
  OpEnd,
  OpError,
  OpInvoke,
  OpMethods,
  OpPart,
  OpProgress,
  OpRegister,
  OpResult,
  OpUnregister,
  OpUnwatch,
  OpWatch,
} from "@crossframe/protocol";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Call } from "../src/api/call.js";
import { CrossframeError } from "../src/errors.js";
import { transfer } from "../src/body.js";
import { connected, delivered, me, other, rejection, type Connected, type HubPort } from "./hub.js";

afterEach(() => void vi.useRealTimers());

/** Registers a method and returns its registration. */
async function offered({ hub, port }: Connected, handler: (args: never, call: Call) => unknown, name = "m") {
  const registering = hub.interop.register(name, handler);
  const { id } = await port.reply(OpRegister);
  return { registration: id, unregister: await registering };
}

const head = (m: { head: string }) => JSON.parse(m.head || "{}") as Record<string, unknown>;

describe("invoke", () => {
  test("sends the arguments and resolves with the result", async () => {
    const { hub, port } = await connected();
    const calling = hub.interop.invoke("contracts.list", { customer: "4711" });
    const asked = await port.next(OpInvoke);
    expect(asked).toMatchObject({ ref: 0, peer: 0, name: "contracts.list", head: "", body: '{"customer":"4711"}' });
    port.send({ op: OpResult, id: asked.id, peer: other.peer, json: ["c1"] });
    expect(await calling).toEqual(["c1"]);
    hub.close();
  });

  test("without arguments has no body, and without a result resolves with undefined", async () => {
    const { hub, port } = await connected();
    const calling = hub.interop.invoke("m");
    const asked = await port.next(OpInvoke);
    expect(asked.body).toBeNull();
    port.send({ op: OpResult, id: asked.id });
    expect(await calling).toBeUndefined();
    hub.close();
  });

  test.each<[string, { json?: unknown; buffer?: ArrayBuffer }, unknown]>([
    ["nothing", {}, undefined],
    ["null", { json: null }, null],
    ["zero", { json: 0 }, 0],
    ["false", { json: false }, false],
    ["an empty text", { json: "" }, ""],
    ["a buffer", { buffer: new Uint8Array([0, 255, 7]).buffer }, new Uint8Array([0, 255, 7]).buffer],
    ["an empty buffer", { buffer: new ArrayBuffer(0) }, new ArrayBuffer(0)],
  ])("resolves with %s as it was sent, and takes it as arguments and in progress", async (_, fields, value) => {
    const { hub, port } = await connected();
    const reported: unknown[] = [];
    const calling = hub.interop.invoke("m", value, { onProgress: (report) => reported.push(report) });
    const asked = await port.next(OpInvoke);
    expect(asked.body).toEqual(fields.buffer ?? (value === undefined ? null : JSON.stringify(value)));
    const copy = fields.buffer ? { buffer: fields.buffer.slice(0) } : fields;
    port.send({ op: OpProgress, id: asked.id, ...copy }, { op: OpResult, id: asked.id, ...fields });
    expect(await calling).toStrictEqual(value);
    expect(reported).toStrictEqual([value]);
    hub.close();
  });

  test.each([
    ["a peer", { target: other }, { peer: 9, head: {} }],
    ["an instance", { target: { instance: "i9" } }, { peer: 0, head: { instance: "i9" } }],
    ["the best", { target: "best" as const }, { peer: 0, head: {} }],
    ["times", { timeout: 1500.2, wait: 10, trace: "00-a" }, { peer: 0, head: { timeoutMs: 1501, waitMs: 10, trace: "00-a" } }],
    ["no end of time", { timeout: Infinity }, { peer: 0, head: { timeoutMs: 600_000 } }],
  ])("names %s", async (_, options, want) => {
    const { hub, port } = await connected();
    void hub.interop.invoke("m", 1, options).catch(() => {});
    const asked = await port.next(OpInvoke);
    expect({ peer: asked.peer, head: head(asked) }).toEqual(want);
    hub.close();
  });

  test("rejects with the hub's fault", async () => {
    const { hub, port } = await connected();
    const failed = rejection(hub.interop.invoke("m"));
    await port.fail(OpInvoke, { code: "METHOD_NOT_FOUND", message: "nobody", retryable: true });
    expect(await failed).toMatchObject({ code: "METHOD_NOT_FOUND", message: "nobody", retryable: true });
    hub.close();
  });

  test("tells progress, also when the listener throws", async () => {
    const uncaught = catchUncaught();
    const { hub, port } = await connected();
    const seen: unknown[] = [];
    const calling = hub.interop.invoke("m", null, {
      onProgress: (value, from) => {
        seen.push(value, from.app);
        throw new Error("listener");
      },
    });
    const { id } = await port.next(OpInvoke);
    port.send({ op: OpProgress, id, peer: other.peer, json: 1 }, { op: OpProgress, id, peer: other.peer }, { op: OpResult, id, json: "ok" });
    expect(await calling).toBe("ok");
    expect(seen).toEqual([1, "chart", undefined, "chart"]);
    expect(await uncaught()).toEqual(["listener", "listener"]);
    hub.close();
  });

  test("is cancelled by its signal, and a late answer goes nowhere", async () => {
    const { hub, port } = await connected();
    const controller = new AbortController();
    const failed = rejection(hub.interop.invoke("m", 1, { signal: controller.signal }));
    const { id } = await port.next(OpInvoke);
    controller.abort();
    expect(await failed).toMatchObject({ code: "CANCELLED" });
    expect((await port.next(OpCancel)).id).toBe(id);
    port.send({ op: OpResult, id, json: 1 });
    await delivered();
    expect((await rejection(hub.interop.invoke("m", 1, { signal: controller.signal }))).code).toBe("CANCELLED");
    await delivered();
    expect(port.messages.items).toEqual([]);
    hub.close();
  });

  test("carries buffers both ways", async () => {
    const { hub, port } = await connected();
    const bytes = new Uint8Array([1, 2, 3]);
    const calling = hub.interop.invoke<ArrayBuffer>("m", transfer(bytes.buffer));
    expect(bytes.length).toBe(0);
    const asked = await port.next(OpInvoke);
    expect(new Uint8Array(asked.body as ArrayBuffer)).toEqual(new Uint8Array([1, 2, 3]));
    port.send({ op: OpResult, id: asked.id, buffer: new Uint8Array([4]).buffer });
    expect(new Uint8Array(await calling)).toEqual(new Uint8Array([4]));
    hub.close();
  });

  test("refuses what cannot be sent, and what was sent beside it arrives", async () => {
    const { hub, port } = await connected({}, { limits: { bodyBytes: 10 } });
    const gone = transfer(new ArrayBuffer(4));
    const calls = [
      hub.interop.invoke("m", gone),
      hub.interop.invoke("m", transfer(gone)),
      hub.interop.invoke("m", "0123456789"),
      hub.interop.invoke("m", 1n),
      hub.interop.invoke("x".repeat(257)),
      hub.interop.invoke(7 as unknown as string),
      hub.interop.invoke("m", 1, { trace: "t".repeat(70_000) }),
      hub.interop.invoke("m", 2),
    ].map((call) => call.catch((error: CrossframeError) => error.code));
    for (let i = 0; i < 2; i++) port.send({ op: OpResult, id: (await port.next(OpInvoke)).id, json: "ok" });
    expect(await Promise.all(calls)).toEqual([
      "ok", "INVALID_ARGUMENT", "TOO_LARGE", "INVALID_ARGUMENT", "INVALID_NAME", "INVALID_NAME", "TOO_LARGE", "ok",
    ]);
    hub.close();
  });

  test("gives up by itself where the hub never answers, long after the timeout", async () => {
    const { hub } = await connected();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const outcomes: string[] = [];
    const watch = (call: Promise<unknown>) => void call.catch((error: CrossframeError) => outcomes.push(error.code));
    watch(hub.interop.invoke("m", 1, { timeout: 10_000 }));
    watch(hub.interop.invoke("m", 1, { timeout: 10_000, wait: 10_000 }));
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(outcomes).toEqual([]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(outcomes).toEqual(["TIMEOUT"]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(outcomes).toEqual(["TIMEOUT", "TIMEOUT"]);
    expect(vi.getTimerCount()).toBe(0);
    hub.close();
  });
});

describe("invokeAll", () => {
  test("resolves with every answer", async () => {
    const { hub, port } = await connected();
    const progress: unknown[] = [];
    const calling = hub.interop.invokeAll("m", { a: 1 }, { target: "others", onProgress: (value) => progress.push(value) });
    const asked = await port.next(OpInvoke);
    expect(head(asked)).toEqual({ target: "others" });
    const { id } = asked;
    port.send(
      { op: OpPart, id, peer: other.peer, json: 1 },
      { op: OpProgress, id, peer: me.peer, json: 50 },
      { op: OpPart, id, peer: me.peer, head: { code: "TIMEOUT", message: "slow", retryable: true } },
      { op: OpEnd, id, ref: 2 },
    );
    const answers = await calling;
    expect(answers).toEqual([{ peer: other, value: 1 }, { peer: me, error: expect.any(CrossframeError) }]);
    expect(answers[1]?.error).toMatchObject({ code: "TIMEOUT", message: "slow", retryable: true });
    expect(progress).toEqual([50]);
    hub.close();
  });

  test("asks all by default, and rejects with a fault", async () => {
    const { hub, port } = await connected();
    const failed = rejection(hub.interop.invokeAll("m"));
    const asked = await port.next(OpInvoke);
    expect(head(asked)).toEqual({ target: "all" });
    port.send({ op: OpError, id: asked.id, head: { code: "METHOD_NOT_FOUND", message: "" } });
    expect((await failed).code).toBe("METHOD_NOT_FOUND");
    hub.close();
  });
});

describe("register", () => {
  test("tells the hub all of a declaration and takes the method back", async () => {
    const { hub, port } = await connected();
    const registering = hub.interop.register(
      { name: "risk", accepts: "String id", returns: { type: "object" }, exclusive: true, tags: ["x"], scope: "group:sales", description: undefined },
      () => 1,
    );
    const asked = await port.reply(OpRegister);
    expect(asked.name).toBe("risk");
    expect(head(asked)).toEqual({ accepts: "String id", returns: { type: "object" }, exclusive: true, tags: ["x"], scope: "group:sales" });
    const unregister = await registering;
    const ending = unregister();
    expect((await port.reply(OpUnregister)).ref).toBe(asked.id);
    await ending;
    await unregister();
    await delivered();
    expect(port.messages.items).toEqual([]);
    hub.close();
  });

  test("rejects with the hub's fault", async () => {
    const { hub, port } = await connected();
    const failed = rejection(hub.interop.register("m", () => 1));
    await port.fail(OpRegister, { code: "METHOD_EXISTS", message: "" });
    expect((await failed).code).toBe("METHOD_EXISTS");
    hub.close();
  });

  test.each<[string, (args: never, call: Call) => unknown, object]>([
    ["a value", () => 5, { op: OpResult, body: "5" }],
    ["a promise", async () => ({ a: 1 }), { op: OpResult, body: '{"a":1}' }],
    ["nothing", () => undefined, { op: OpResult, body: null }],
    ["null", () => null, { op: OpResult, body: "null" }],
    ["zero", () => 0, { op: OpResult, body: "0" }],
    ["an empty text", () => "", { op: OpResult, body: '""' }],
    ["its arguments", (args) => args, { op: OpResult, body: '{"q":1}' }],
    ["who calls", (_, call) => [call.caller.app, call.trace], { op: OpResult, body: '["chart","00-t"]' }],
    ["an exception", () => { throw new Error("broken"); }, { op: OpError, head: '{"code":"HANDLER_ERROR","message":"broken"}' }],
    ["a rejection", () => Promise.reject(new TypeError("bad")), { op: OpError, head: '{"code":"HANDLER_ERROR","message":"bad"}' }],
    [
      "a coded error",
      () => { throw new CrossframeError("PERMISSION_DENIED", "no"); },
      { op: OpError, head: '{"code":"PERMISSION_DENIED","message":"no"}' },
    ],
    ["what cannot be sent", () => 1n, { op: OpError, head: expect.stringContaining("INVALID_ARGUMENT") }],
    ["too much", () => "x".repeat(100), { op: OpError, head: expect.stringContaining("TOO_LARGE") }],
    ["a huge message", () => { throw new Error("x".repeat(90_000)); }, { op: OpError, head: expect.stringMatching(/^.{900,1100}$/) }],
  ])("answers a call with %s", async (_, handler, want) => {
    const connection = await connected({}, { limits: { bodyBytes: 50 } });
    const { registration } = await offered(connection, handler);
    connection.port.send({ op: OpCall, id: 51, ref: registration, peer: other.peer, head: { trace: "00-t" }, json: { q: 1 } });
    const answer = await connection.port.messages.next();
    expect(answer).toMatchObject({ id: 51, ...want });
    connection.hub.close();
  });

  test("returns a buffer", async () => {
    const connection = await connected();
    const kept = new Uint8Array([1, 2]).buffer;
    const { registration } = await offered(connection, () => kept);
    for (const id of [1, 2]) connection.port.send({ op: OpCall, id, ref: registration, peer: other.peer });
    for (const id of [1, 2]) {
      const answer = await connection.port.next(OpResult);
      expect([answer.id, new Uint8Array(answer.body as ArrayBuffer)]).toEqual([id, new Uint8Array([1, 2])]);
    }
    connection.hub.close();
  });

  test("passes progress, calls within the call, and the cancel", async () => {
    const connection = await connected();
    const { hub, port } = connection;
    let late: Call | undefined;
    const { registration } = await offered(connection, async (_, call) => {
      late = call;
      const { progress, invoke } = call;
      progress(0.5);
      const inner = await invoke("inner", 1, { timeout: 700 });
      await call.invokeAll("inner", inner);
      await new Promise((resolve) => call.signal.addEventListener("abort", resolve));
      return "unwanted";
    });
    port.send({ op: OpCall, id: 51, ref: registration, peer: other.peer, head: { trace: "00-t" } });
    expect(await port.next(OpProgress)).toMatchObject({ id: 51, body: "0.5" });
    const inner = await port.next(OpInvoke);
    expect(head(inner)).toEqual({ parent: 51, trace: "00-t", timeoutMs: 700 });
    port.send({ op: OpResult, id: inner.id, json: 2 });
    const all = await port.next(OpInvoke);
    expect([head(all), all.body]).toEqual([{ parent: 51, trace: "00-t", target: "all" }, "2"]);
    port.send({ op: OpEnd, id: all.id });
    await delivered();
    port.send({ op: OpCancel, id: 51 });
    await delivered();
    expect(late?.signal.aborted).toBe(true);
    late?.progress("too late");
    await delivered();
    expect(port.messages.items).toEqual([]);
    hub.close();
  });

  test("has a signal that is aborted also where it is first asked for after the cancel", async () => {
    const connection = await connected();
    let seen: Call | undefined;
    const { registration } = await offered(connection, (_, call) => ((seen = call), new Promise(() => {})));
    connection.port.send({ op: OpCall, id: 1, ref: registration, peer: other.peer }, { op: OpCancel, id: 1 });
    await delivered();
    expect(seen?.signal.aborted).toBe(true);
    expect(seen?.signal.reason).toMatchObject({ code: "CANCELLED" });
    connection.hub.close();
  });

  test("answers a call of a method that was taken back meanwhile", async () => {
    const connection = await connected();
    const { registration, unregister } = await offered(connection, () => 1);
    void unregister();
    connection.port.send({ op: OpCall, id: 5, ref: registration, peer: other.peer });
    const answer = await connection.port.next(OpError);
    expect([answer.id, head(answer)["code"]]).toEqual([5, "METHOD_NOT_FOUND"]);
    connection.hub.close();
  });
});

describe("discovery", () => {
  const method = (name: string, peer = other) => ({ name, peer });

  test("lists methods", async () => {
    const { hub, port } = await connected();
    const listing = hub.interop.methods("a");
    expect(head(await port.reply(OpDiscover, { head: { methods: [method("a")] } }))).toEqual({ name: "a" });
    expect(await listing).toEqual([method("a")]);
    const none = hub.interop.methods({ prefix: "crm." });
    expect(head(await port.reply(OpDiscover))).toEqual({ prefix: "crm." });
    expect(await none).toEqual([]);
    hub.close();
  });

  test("watches methods", async () => {
    const { hub, port } = await connected();
    const seen: unknown[] = [];
    const watching = hub.interop.watch("a", (change) => seen.push(change));
    const { id } = await port.reply(OpWatch, { head: { methods: [method("a")] } });
    const stop = await watching;
    port.send({ op: OpMethods, ref: id, head: { removed: [method("a")] } }, { op: OpMethods, ref: id + 999, head: { added: [method("b")] } });
    await delivered();
    expect(seen).toEqual([
      { added: [method("a")], removed: [] },
      { added: [], removed: [method("a")] },
    ]);
    void stop();
    expect((await port.next(OpUnwatch)).ref).toBe(id);
    port.send({ op: OpMethods, ref: id, head: { added: [method("a")] } });
    await delivered();
    expect(seen.length).toBe(2);
    hub.close();
  });

  test("waits for a method, and tells the hub when it no longer does", async () => {
    const { hub, port } = await connected();
    const waiting = hub.interop.waitFor("a", { timeout: 100 });
    const asked = await port.reply(OpAwait, { peer: other.peer });
    expect([asked.name, head(asked)]).toEqual(["a", { timeoutMs: 100 }]);
    expect(await waiting).toEqual(other);
    const controller = new AbortController();
    const failed = rejection(hub.interop.waitFor("b", { signal: controller.signal }));
    controller.abort();
    expect((await failed).code).toBe("CANCELLED");
    await port.next(OpCancel);
    hub.close();
  });
});

describe("frames", () => {
  test("64 calls of one task are one post, and so are their answers", async () => {
    const caller = await connected();
    const calls = Array.from({ length: 64 }, (_, i) => caller.hub.interop.invoke("m", i));
    await caller.port.next(OpInvoke);
    expect(caller.port.frames.map((frame) => (frame.length - 1) / FIELDS)).toEqual([64]);
    caller.hub.close();
    await Promise.allSettled(calls);

    const callee = await connected();
    const { registration } = await offered(callee, async (n: number) => n + 1);
    callee.port.frames.length = 0;
    callee.port.send(...Array.from({ length: 64 }, (_, i) => ({ op: OpCall, id: i + 1, ref: registration, peer: 9, json: i })));
    await callee.port.next(OpResult);
    expect(callee.port.frames.map((frame) => (frame.length - 1) / FIELDS)).toEqual([64]);
    callee.hub.close();
  });

  test("hold at most 256 messages", async () => {
    const { hub, port } = await connected();
    const calls = Array.from({ length: 600 }, () => hub.interop.invoke("m"));
    await delivered();
    expect(port.frames.map((frame) => (frame.length - 1) / FIELDS)).toEqual([256, 256, 88]);
    hub.close();
    await Promise.allSettled(calls);
  });

  test("leave within the task of a lone message", async () => {
    const { hub, port } = await connected();
    const posted = vi.spyOn(MessagePort.prototype, "postMessage");
    const call = hub.interop.invoke("m").catch(() => {});
    expect(posted).not.toHaveBeenCalled();
    await Promise.resolve();
    expect(posted).toHaveBeenCalledOnce();
    posted.mockRestore();
    await port.next(OpInvoke);
    hub.close();
    await call;
  });

  test("of another form or connection are passed over", async () => {
    const { hub, port } = await connected();
    const calling = hub.interop.invoke("m");
    const { id } = await port.next(OpInvoke);
    for (const frame of [null, 5, {}, [], ["other", OpResult, id, 0, 0, "", "", "1"], ["c1", OpResult, id], ["c1", 999, id, 0, 0, "", "", "1"]]) {
      port.port.postMessage(frame);
    }
    port.send({ op: OpResult, id: id + 1, json: "not asked for" }, { op: OpResult, id, json: "right" }, { op: OpResult, id, json: "twice" });
    expect(await calling).toBe("right");
    hub.close();
  });

  test("whose answer cannot be read reject that request only", async () => {
    const { hub, port } = await connected();
    const broken = rejection(hub.interop.invoke("m"));
    const good = hub.interop.invoke("m");
    const [a, b] = [await port.next(OpInvoke), await port.next(OpInvoke)];
    port.port.postMessage(["c1", OpResult, a.id, 0, 0, "", "", "{", OpResult, b.id, 0, 0, "", "", "2"]);
    expect((await broken).code).toBe("INTERNAL");
    expect(await good).toBe(2);
    hub.close();
  });
});

describe("pacing", () => {
  const limits = { messagesPerSecond: 100, burst: 20 };

  async function count(port: HubPort, op: number): Promise<number> {
    await delivered();
    return port.messages.items.filter((m) => m.op === op).length;
  }

  test("holds requests back, and rejects what is too much to hold", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const { hub, port } = await connected({}, { limits });
    const codes: string[] = [];
    const calls = Array.from({ length: 50 }, () => hub.interop.invoke("m").catch((error: CrossframeError) => codes.push(error.code)));
    expect(await count(port, OpInvoke)).toBe(18);
    expect(codes).toEqual(Array(14).fill("QUOTA_EXCEEDED"));
    vi.advanceTimersByTime(1_000);
    expect(await count(port, OpInvoke)).toBe(36);
    hub.close();
    await Promise.all(calls);
  });

  test("does not hold answers back, drops progress that comes too late, and what was cancelled", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const connection = await connected({}, { limits });
    const { hub, port } = connection;
    const { registration } = await offered(connection, (_, call) => {
      call.progress("late");
      return "done";
    });
    const controller = new AbortController();
    const calls = Array.from({ length: 25 }, () => hub.interop.invoke("m", 1, { signal: controller.signal }).catch(() => {}));
    port.send(...[1, 2, 3].map((id) => ({ op: OpCall, id, ref: registration, peer: 9 })));
    expect(await count(port, OpResult)).toBe(3);
    controller.abort();
    await Promise.all(calls);
    vi.advanceTimersByTime(5_000);
    expect(await count(port, OpProgress)).toBe(0);
    expect(await count(port, OpInvoke)).toBe(17);
    hub.close();
  });
});

/** Collects what is thrown outside of any caller's reach. */
function catchUncaught(): () => Promise<string[]> {
  const seen: string[] = [];
  const former = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => seen.push(error.message));
  return async () => {
    await delivered();
    process.removeAllListeners("uncaughtException");
    for (const listener of former) process.on("uncaughtException", listener);
    return seen;
  };
}
