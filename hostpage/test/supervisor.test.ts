import { readFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";

import {
  OpAck,
  OpAppStart,
  OpCall,
  OpContextEvent,
  OpContextSubscribe,
  OpContextUpdate,
  OpContextValue,
  OpEnd,
  OpError,
  OpInvoke,
  OpPageChallenge,
  OpPageOpen,
  OpPageReady,
  OpPart,
  OpRefused,
  OpRegister,
  OpReply,
  OpResult,
  type Definition,
  type TrustedKey,
} from "@crossframe/protocol";
import { buildHub, TestHub, type TestPort } from "./hub.js";

let wasm: string;
beforeAll(() => {
  wasm = buildHub();
}, 120_000);

const apps: Definition[] = [
  { name: "a", url: "http://a.test/" },
  { name: "b", url: "http://b.test/" },
];

const open: TestPort[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const port of open.splice(0)) port.close();
});

async function start(options: Partial<ConstructorParameters<typeof TestHub>[0]> = {}): Promise<{ hub: TestHub; main: TestPort }> {
  const hub = new TestHub({ wasm, apps, ...options });
  await hub.supervisor.run();
  const main = hub.greet(0, "http://localhost:8080", true);
  open.push(main);
  await main.wait((m) => m.op === OpAck);
  return { hub, main };
}

let nextId = 1000;

/** Starts an app and connects its document. */
async function connect(hub: TestHub, main: TestPort, app: string): Promise<TestPort> {
  const before = hub.asked(OpPageOpen).length;
  main.send([OpAppStart, nextId++, 0, 0, app, { waitFor: "created" }]);
  await hub.until(() => hub.asked(OpPageOpen).length > before);
  const [frame] = hub.asked(OpPageOpen).at(-1) as [number, unknown];
  const port = hub.greet(frame, `http://${app}.test`);
  open.push(port);
  await port.wait((m) => m.op === OpAck);
  await hub.until(() => hub.asked(OpPageChallenge).some(([ref]) => ref === frame));
  const challenge = hub.asked(OpPageChallenge).findLast(([ref]) => ref === frame)?.[1] as { nonce: string };
  port.prove(challenge.nonce);
  return port;
}

describe("the hub behind real ports", () => {
  test("boots, and tells the page so", async () => {
    const { hub } = await start();
    expect(hub.asked(OpPageReady)).toEqual([[0, { license: "development" }]]);
    expect(hub.heard.filter((m) => m.kind === "status")).toEqual([
      { kind: "status", state: "starting", restarts: 0 },
      { kind: "status", state: "running", restarts: 0 },
    ]);
  });

  test("relays a call and its result, text and binary", async () => {
    const { hub, main } = await start();
    const a = await connect(hub, main, "a");
    const b = await connect(hub, main, "b");
    b.send([OpRegister, 1, 0, 0, "math.double"]);
    await b.wait((m) => m.op === OpReply && m.id === 1);
    a.send([OpInvoke, 7, 0, 0, "math.double", undefined, '{"x":21}']);
    const call = await b.wait((m) => m.op === OpCall);
    expect(call).toMatchObject({ ref: 1, body: '{"x":21}' });
    b.send([OpResult, call.id, 0, 0, "", undefined, new Uint8Array([1, 2, 3]).buffer]);
    const result = await a.wait((m) => m.op === OpResult);
    expect(result.id).toBe(7);
    expect([...new Uint8Array(result.body as ArrayBuffer)]).toEqual([1, 2, 3]);
  });

  test("two hundred apps answer a call to all, and the one that hangs is told as such", async () => {
    const { hub, main } = await start();
    const asking = await connect(hub, main, "a");
    const servers = 200;
    for (let i = 0; i < servers; i++) {
      const server = await connect(hub, main, "b");
      server.send([OpRegister, 1, 0, 0, "all"]);
      if (i !== 77) void server.wait((m) => m.op === OpCall).then(({ id }) => server.send([OpResult, id, 0, 0, "", undefined, String(i)]));
      await server.wait((m) => m.op === OpReply && m.id === 1);
    }
    asking.send([OpInvoke, 7, 0, 0, "all", { target: "all", timeoutMs: 1_000 }]);
    expect((await asking.wait((m) => m.op === OpEnd)).ref).toBe(servers);
    const parts = asking.got.filter((m) => m.op === OpPart);
    expect(parts.filter((m) => "code" in m.head).map((m) => m.head["code"])).toEqual(["TIMEOUT"]);
    const answers = parts.flatMap((m) => (m.body === null ? [] : [Number(m.body)]));
    expect(answers.sort((x, y) => x - y)).toEqual(Array.from({ length: servers }, (_, i) => i).filter((i) => i !== 77));
  });

  test("fifty subscribers of a context that is written a thousand times see every revision, in order, once", async () => {
    const { hub, main } = await start({ limits: { burst: 2_000 } });
    const writer = await connect(hub, main, "a");
    const subscribers: TestPort[] = [];
    for (let i = 0; i < 50; i++) {
      const subscriber = await connect(hub, main, "b");
      subscriber.send([OpContextSubscribe, 1, 0, 0, "storm"]);
      await subscriber.wait((m) => m.op === OpContextValue);
      subscribers.push(subscriber);
    }
    const writes = 1_000;
    for (let i = 1; i <= writes; i++) writer.send([OpContextUpdate, 100 + i, 0, 0, "storm", undefined, `{"n":${i}}`]);
    const all = Array.from({ length: writes }, (_, i) => i + 1);
    for (const subscriber of subscribers) {
      await subscriber.wait((m) => m.op === OpContextEvent && m.id === writes);
      const events = subscriber.got.filter((m) => m.op === OpContextEvent);
      expect(events.map(({ id }) => id)).toEqual(all);
      expect(events.at(-1)?.body).toBe(`{"n":${writes}}`);
    }
  });

  test("merges a context and tells subscribers", async () => {
    const { hub, main } = await start();
    const a = await connect(hub, main, "a");
    const b = await connect(hub, main, "b");
    a.send([OpContextSubscribe, 1, 0, 0, "customer"]);
    expect((await a.wait((m) => m.op === OpContextValue)).ref).toBe(0);
    b.send([OpContextUpdate, 2, 0, 0, "customer", undefined, '{"id":"4711","naïve":"é€😀"}']);
    const event = await a.wait((m) => m.op === OpContextEvent);
    expect(event).toMatchObject({ id: 1, ref: 1, body: '{"id":"4711","naïve":"é€😀"}' });
    a.send([OpContextSubscribe, 3, 0, 0, "customer"]);
    expect((await a.wait((m) => m.op === OpContextValue && m.id === 3)).body).toBe('{"id":"4711","naïve":"é€😀"}');
  });
});

describe("when the program ends", () => {
  test("ports, registrations, subscriptions and acknowledged contexts go on; calls in flight get a code", async () => {
    const { hub, main } = await start();
    const a = await connect(hub, main, "a");
    const b = await connect(hub, main, "b");
    b.send([OpRegister, 1, 0, 0, "echo"]);
    a.send([OpContextSubscribe, 2, 0, 0, "customer"]);
    for (let i = 0; i < 50; i++) b.send([OpContextUpdate, 100 + i, 0, 0, "customer", undefined, `{"n${i}":${i}}`]);
    await b.wait((m) => m.op === OpReply && m.id === 149);
    a.send([OpInvoke, 3, 0, 0, "echo", undefined, '"lost"']);
    await b.wait((m) => m.op === OpCall);

    hub.supervisor.exit();
    const lost = await a.wait((m) => m.op === OpError && m.id === 3);
    expect(lost.head["code"]).toBe("CANCELLED");
    await hub.until(() => hub.heard.filter((m) => m.kind === "status" && m.state === "running").length === 2);

    a.send([OpInvoke, 4, 0, 0, "echo", undefined, '"kept"']);
    const call = await b.wait((m) => m.op === OpCall && m.body === '"kept"');
    b.send([OpResult, call.id, 0, 0, "", undefined, '"kept"']);
    expect((await a.wait((m) => m.op === OpResult && m.id === 4)).body).toBe('"kept"');
    b.send([OpContextUpdate, 5, 0, 0, "customer", undefined, '{"after":true}']);
    const event = await a.wait((m) => m.op === OpContextEvent && m.id === 51);
    expect(event.body).toBe('{"after":true}');
    a.send([OpContextSubscribe, 6, 0, 0, "customer"]);
    const value = await a.wait((m) => m.op === OpContextValue && m.id === 6);
    expect(Object.keys(JSON.parse(value.body as string) as object)).toHaveLength(51);
  });

  test("a program that cannot be started is tried again, and then given up", async () => {
    const hub = new TestHub({ wasm, apps });
    const instantiate = vi.spyOn(WebAssembly, "instantiate").mockRejectedValue(new RangeError("out of memory"));
    await hub.supervisor.run();
    const early = hub.greet(0, "http://localhost:8080", true);
    open.push(early);
    expect(await early.wait((m) => m.op === OpRefused)).toMatchObject({ head: { code: "HUB_NOT_READY" } });
    instantiate.mockRestore();
    expect(hub.heard.at(-1)).toMatchObject({ state: "degraded", fault: { message: expect.stringContaining("out of memory") } });
  });

  test("what comes meanwhile waits, up to a bound, and beyond it is answered at once", async () => {
    const { hub, main } = await start();
    const a = await connect(hub, main, "a");
    a.send([OpContextSubscribe, 1, 0, 0, "ready"]);
    await a.wait((m) => m.op === OpContextValue);
    hub.supervisor.exit();
    const frames = 200;
    for (let i = 0; i < frames; i++) a.send([OpContextSubscribe, 1000 + i, 0, 0, `c${i}`]);
    await a.wait((m) => m.id === 1000 + frames - 1);
    await Promise.all(Array.from({ length: frames }, (_, i) => a.wait((m) => m.id === 1000 + i)));
    const codes = new Set(a.got.filter((m) => m.op === OpError).map((m) => m.head["code"]));
    expect([...codes].filter((code) => code !== "CANCELLED")).toEqual([]);
    expect(a.got.filter((m) => m.op === OpContextValue && m.id >= 1000).length).toBeGreaterThan(0);
  });

  test("a frame of many long heads is answered, message by message", async () => {
    const { hub, main } = await start();
    const a = await connect(hub, main, "a");
    const description = "x".repeat(60_000);
    a.send(...Array.from({ length: 100 }, (_, i): [number, number, number, number, string, object] => [OpRegister, 500 + i, 0, 0, `m${i}`, { description }]));
    await Promise.all(Array.from({ length: 100 }, (_, i) => a.wait((m) => m.id === 500 + i)));
    expect(a.got.filter((m) => m.id >= 500)).toHaveLength(100);
  });

  test("five times within a minute it stays down, and says so", async () => {
    const { hub, main } = await start();
    for (let i = 1; i <= 4; i++) {
      hub.supervisor.exit();
      await hub.until(() => hub.heard.filter((m) => m.kind === "status" && m.state === "running").length === i + 1);
    }
    hub.supervisor.exit();
    await hub.until(() => hub.heard.some((m) => m.kind === "status" && m.state === "degraded"));
    expect((await main.wait((m) => m.op === OpRefused)).head["code"]).toBe("HUB_NOT_READY");
    const late = hub.greet(0, "http://localhost:8080", true);
    open.push(late);
    expect((await late.wait((m) => m.op === OpRefused)).head["code"]).toBe("HUB_NOT_READY");
  });
});

describe("a license key", () => {
  const origin = "https://desk.example.com";
  const { now, cases } = JSON.parse(readFileSync(new URL("../../protocol/testdata/license.json", import.meta.url), "utf8")) as {
    now: number;
    cases: { key: string; trusted: TrustedKey[] }[];
  };
  const { key = "", trusted = [] } = cases[0] ?? {};

  /** What the hub says of itself at a time, in seconds from that of the vectors. */
  async function said(options: Partial<ConstructorParameters<typeof TestHub>[0]>, later = 0): Promise<unknown> {
    vi.useFakeTimers({ now: 1000 * (now + later), toFake: ["Date"] });
    try {
      const hub = new TestHub({ wasm, apps, origin, ...options });
      await hub.supervisor.run();
      return hub.asked(OpPageReady)[0]?.[1];
    } finally {
      vi.useRealTimers();
    }
  }

  test("is opened by the Worker and judged by the hub", async () => {
    const license = { licenseKey: key, licenseKeys: trusted };
    expect(await said({ license })).toMatchObject({ license: "valid" });
    expect(await said({ license }, 350 * 86_400)).toMatchObject({ license: "expiring" });
    expect(await said({ license }, 400 * 86_400)).toMatchObject({ fault: { code: "LICENSE_EXPIRED" } });
    expect(await said({ license, origin: "https://evil.example" })).toMatchObject({ fault: { code: "LICENSE_ORIGIN_MISMATCH" } });
    expect(await said({ license: { licenseKey: key } })).toMatchObject({ fault: { code: "LICENSE_INVALID" } });
    expect(await said({})).toMatchObject({ fault: { code: "LICENSE_MISSING" } });
  });

  test("is judged by the server's clock, also where the computer's was set back a year", async () => {
    const license = { licenseKey: key, licenseKeys: trusted };
    const serverMs = 1000 * (now + 400 * 86_400);
    expect(await said({ license, serverMs }, -365 * 86_400)).toMatchObject({ fault: { code: "LICENSE_EXPIRED" } });
    expect(await said({ license, serverMs: 1000 * now }, 400 * 86_400)).toMatchObject({ license: "valid" });
  });

  test("is looked at again when the page asks, and each new state reaches the page", async () => {
    vi.useFakeTimers({ now: 1000 * now, toFake: ["Date"] });
    const license = { licenseKey: key, licenseKeys: trusted };
    const { cases: lists } = JSON.parse(readFileSync(new URL("../../protocol/testdata/revocations.json", import.meta.url), "utf8")) as { cases: { list: string }[] };
    const hub = new TestHub({ wasm, apps, origin, license });
    await hub.supervisor.run();
    // Three looks at once: they follow one another.
    hub.supervisor.license({ kind: "license", license: { ...license, licenseRevocations: lists[0]?.list ?? "" } });
    hub.supervisor.license({ kind: "license", license: { ...license, licenseKey: "CF1.x" } });
    hub.supervisor.license({ kind: "license", license, serverMs: 1000 * (now + 350 * 86_400) });
    await hub.until(() => hub.asked(OpPageReady).length === 4);
    const told = hub.asked(OpPageReady).map(([, head]) => head);
    expect(told).toMatchObject([
      { license: "valid" },
      { license: "revoked", fault: { code: "LICENSE_REVOKED" } },
      { fault: { code: "LICENSE_INVALID" } },
      { license: "expiring" },
    ]);
    // What was found last holds for the next run of the program, too.
    hub.supervisor.exit();
    await hub.until(() => hub.asked(OpPageReady).length === 5);
    expect(hub.asked(OpPageReady)[4]?.[1]).toMatchObject({ license: "expiring" });
  });

  test("that is wrong does not matter where none is needed", async () => {
    expect(await said({ license: { licenseKey: "CF1.x" }, origin: "http://localhost:8080" })).toEqual({ license: "development" });
  });
});
