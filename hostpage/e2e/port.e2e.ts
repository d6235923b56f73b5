import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Rig } from "./rig/platform.js";
import type { Desk } from "./rig/platform.js";

// What may come through a port once it is admitted: malformed, forged, huge, too much, and ordinary calls and writes that
// go wrong. Whatever an app does, others go on and the page stays responsive.

let rig: Rig;
let desk: Desk;

beforeAll(async () => {
  rig = await Rig.start({
    hosts: { raw: "raw", raw2: "raw", echo: "echo", echo2: "echo" },
    apps: (origin) => ["raw", "raw2", "echo", "echo2", { name: "markup", title: "<img src=x onerror=pwned=1>", url: `${origin("echo")}/` }],
  });
});
afterAll(() => rig.close());
beforeEach(async () => {
  desk = await rig.desk();
});

/** The page may not freeze while an app floods. With the hub on the page's own thread it froze for ten seconds. */
const lagMs = 2_000;

/** Measures how long the main page's thread was busy at a stretch while `work` went on, in milliseconds. */
async function lagDuring(work: () => Promise<unknown>): Promise<number> {
  await desk.page.evaluate(() => {
    const meter = { last: performance.now(), most: 0, timer: 0 };
    (window as unknown as { meter: typeof meter }).meter = meter;
    meter.timer = window.setInterval(() => {
      const now = performance.now();
      meter.most = Math.max(meter.most, now - meter.last - 10);
      meter.last = now;
    }, 10);
  });
  await work();
  return desk.page.evaluate(() => {
    const { meter } = window as unknown as { meter: { most: number; timer: number } };
    clearInterval(meter.timer);
    return meter.most;
  });
}

test("nothing is done for a document that has not proven itself, and the third message ends it", async () => {
  const { frame } = await desk.raw();
  const heard = await frame.evaluate(async () => {
    window.raw.echoes = false;
    const port = window.raw.greet();
    await port.admitted();
    const codes = [await port.code(window.wire.OpContextSet, { name: "too.early", body: "{}" }), await port.code(window.wire.OpContextList)];
    port.send(window.wire.OpContextList, { id: 50 });
    return [...codes, (await port.ended()).code];
  });
  expect(heard).toEqual(["BAD_MESSAGE", "BAD_MESSAGE", "SESSION_REVOKED"]);
  expect(await desk.page.evaluate(async () => (await window.crossframe!.hub.contexts.read("too.early")).revision)).toBe(0);
  await desk.healthy();
});

test("what is not a frame is dropped unread; twenty of them in ten seconds end the connection", async () => {
  const { frame } = await desk.connected();
  const [before, after, ended] = await frame.evaluate(async () => {
    const port = window.raw.last;
    const { id } = port;
    const cyclic: unknown[] = [id, window.wire.OpContextList, 1, 0, 0, "", ""];
    cyclic.push(cyclic);
    let deep: unknown = null;
    for (let i = 0; i < 500; i++) deep = [deep];
    const list = window.wire.OpContextList;
    const shapes: unknown[] = [
      null, "x", 7, {}, [], [id], [id, list], new Map([[0, id]]), new Date(0), new Blob(["x"]), { 0: id, length: 8 }, cyclic,
      [id, list, 1, 0, 0, "", "", deep], [id, list, 1, 0, 0, "", "", { a: 1 }], [id, list, -1, 0, 0, "", "", null],
      [id, list, 1e308, 0, 0, "", "", null], [id, "list", 1, 0, 0, "", "", null], [id, list, 1, 0, 0, { toString: 1 }, "", null], [id, list, 1.5, 0, 0, "", "", null],
    ];
    for (const shape of shapes) port.port.postMessage(shape);
    const before = [shapes.length, await port.code(list)];
    port.port.postMessage("one more");
    const ended = (await port.ended()).code;
    port.send(window.wire.OpContextSet, { id: 99, name: "after.the.end", body: "{}" });
    await window.raw.connect();
    return [before, await window.raw.last.code(list), ended] as const;
  });
  expect([before, after, ended]).toEqual([[19, "ok"], "ok", "SESSION_REVOKED"]);
  expect(await frame.evaluate(() => window.raw.ports[0]?.heard.some(({ id }) => id === 99))).toBe(false);
  expect(await desk.page.evaluate(async () => (await window.crossframe!.hub.contexts.read("after.the.end")).revision)).toBe(0);
  await desk.audit("BAD_MESSAGE", "raw");
  await desk.healthy();
});

test("text that is not JSON, and numbers that are not exact, are refused one by one; the session lives", async () => {
  const { frame } = await desk.connected();
  const codes = await frame.evaluate(async () => {
    const port = window.raw.last;
    const set = (body: unknown, head = ""): Promise<string> => port.code(window.wire.OpContextSet, { name: "json", body, head });
    const invoke = (head: string): Promise<string> => port.code(window.wire.OpInvoke, { name: "nobody.offers.this", head });
    return {
      bodies: await Promise.all(["{", '{"a":1', '\ufeff{"a":1}', '{"a":"\u0000"}', "", "nothing", '{"a":1,"a":2}', '{"a":1e999}x'].map((body) => set(body))),
      surrogate: await set('{"a":"\ud800"}'),
      notAnObject: await Promise.all(["[]", "1", "null", '"x"'].map((body) => set(body))),
      heads: await Promise.all(
        ["{", "[]", '{"ifRevision":1e999}', '{"ifRevision":9007199254740993}', '{"ifRevision":1.5}', '{"ifRevision":"1"}', '{"ifRevision":1,"ifRevision":2}'].map((head) =>
          set("{}", head),
        ),
      ),
      timeouts: await Promise.all(['{"timeoutMs":-1}', '{"timeoutMs":1e12}', '{"timeoutMs":"NaN"}', '{"timeoutMs":0.5}'].map(invoke)),
      after: await set('{"a":1}'),
    };
  });
  const bad = (code: string): boolean => ["BAD_MESSAGE", "INVALID_ARGUMENT"].includes(code);
  expect(codes.bodies.filter((code) => !bad(code)), "bodies").toEqual([]);
  expect(codes.notAnObject.filter((code) => !bad(code)), "bodies that are no object").toEqual([]);
  expect(codes.heads.filter((code) => !bad(code)), "heads").toEqual([]);
  // A time that is no sensible one is put within bounds, or refused; the call then finds no method.
  for (const code of codes.timeouts) expect(["BAD_MESSAGE", "INVALID_ARGUMENT", "METHOD_NOT_FOUND"]).toContain(code);
  expect(["ok", "BAD_MESSAGE"]).toContain(codes.surrogate);
  expect(codes.after).toBe("ok");
  await desk.healthy();
});

test("a frame with another app's connection id is dropped, and the other app hears nothing", async () => {
  const [one, two] = [await desk.connected("raw"), await desk.connected("raw2")];
  const id = await two.frame.evaluate(() => window.raw.last.id);
  const before = await two.frame.evaluate(() => window.raw.last.heard.length);
  const code = await one.frame.evaluate(async (stolen) => {
    const port = window.raw.last;
    port.port.postMessage([stolen, window.wire.OpContextSet, 71, 0, 0, "forged", "", "{}"]);
    const told = await port.until(({ op, id: answered }) => op === window.wire.OpError && answered === 0);
    return (JSON.parse(told.head) as { code: string }).code;
  }, id);
  expect(code).toBe("BAD_MESSAGE");
  await desk.audit("BAD_MESSAGE", "raw");
  expect(await two.frame.evaluate(() => window.raw.last.heard.length)).toBe(before);
  expect(await desk.page.evaluate(async () => (await window.crossframe!.hub.contexts.read("forged")).revision)).toBe(0);
  await desk.healthy();
});

test("a port inside of a message makes the message bad", async () => {
  const { frame } = await desk.connected();
  const heard = await frame.evaluate(async () => {
    const { port1, port2 } = new MessageChannel();
    let came = 0;
    port1.onmessage = () => came++;
    const port = window.raw.last;
    port.port.postMessage([port.id, window.wire.OpContextSet, 72, 0, 0, "with.a.port", "", "{}"], [port2]);
    const told = await port.until(({ op, id }) => op === window.wire.OpError && id === 0);
    port1.postMessage("anybody there?");
    return [(JSON.parse(told.head) as { code: string }).code, await port.code(window.wire.OpContextGet, { name: "with.a.port" }), came, port.heard.some(({ id }) => id === 72)];
  });
  expect(heard).toEqual(["BAD_MESSAGE", "ok", 0, false]);
  await desk.healthy();
});

test("what the Worker cannot read is a bad message, like any other", async () => {
  const { frame } = await desk.connected();
  // A WebAssembly module does not cross origins, so the Worker's port gets "messageerror" in its place.
  const told = await frame.evaluate(async () => {
    const port = window.raw.last;
    const module = await WebAssembly.compile(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
    port.port.postMessage([port.id, window.wire.OpContextSet, 73, 0, 0, "with.a.module", "", module]);
    const error = await port.until(({ op, id }) => op === window.wire.OpError && id === 0);
    return [(JSON.parse(error.head) as { code: string }).code, await port.code(window.wire.OpContextList)];
  });
  expect(told).toEqual(["BAD_MESSAGE", "ok"]);
  await desk.audit("BAD_MESSAGE", "raw");
  await desk.healthy();
});

test("calls: nobody offers it, nobody answers in time, the handler fails or returns what cannot travel", async () => {
  const [one, two] = [await desk.echo(), await desk.echo("echo2")];
  await two.frame.evaluate(async () => {
    const { interop } = window.hub;
    await interop.register("late", (_, call) => new Promise((resolve) => call.signal.addEventListener("abort", () => setTimeout(resolve, 100, "too late"))));
    await interop.register("throws", () => {
      throw new Error("no such customer");
    });
    await interop.register("circular", () => {
      const value: unknown[] = [];
      value.push(value);
      return value;
    });
    await interop.register("big", () => "x".repeat(2 << 20));
  });
  const results = await one.frame.evaluate(async () => {
    const ask = (method: string, timeout?: number): Promise<string> =>
      window.hub.interop.invoke(method, null, { timeout }).then(
        () => "answered",
        ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
      );
    const list = [];
    for (const method of ["nobody.offers.this", "throws", "circular", "big"]) list.push(await ask(method));
    return [...list, await ask("late", 300), await ask("echo")];
  });
  const codes = results.map((result) => result.split(":")[0]);
  expect(codes[0]).toBe("METHOD_NOT_FOUND");
  expect(results[1]).toBe("HANDLER_ERROR: no such customer"); // The message, and nothing of the stack.
  expect(["HANDLER_ERROR", "INVALID_ARGUMENT"]).toContain(codes[2]);
  expect(["HANDLER_ERROR", "TOO_LARGE"]).toContain(codes[3]);
  expect(codes.slice(4)).toEqual(["TIMEOUT", "answered"]);
  await desk.healthy();
});

test("apps that call each other in a circle are stopped", async () => {
  const [one, two] = [await desk.echo(), await desk.echo("echo2")];
  for (const [{ frame }, own, next] of [[one, "ping", "pong"], [two, "pong", "ping"]] as const) {
    await frame.evaluate(
      ([name, other]) => {
        (window as unknown as { hops: number }).hops = 0;
        return window.hub.interop
          .register(name, (_, call) => {
            (window as unknown as { hops: number }).hops++;
            return call.invoke(other);
          })
          .then(() => undefined);
      },
      [own, next] as const,
    );
  }
  const code = await one.frame.evaluate(() => window.hub.interop.invoke("pong").then(() => "answered", ({ code: c }: { code: string }) => c));
  expect(code).toBe("LOOP_DETECTED");
  const hops = await Promise.all([one, two].map(({ frame }) => frame.evaluate(() => (window as unknown as { hops: number }).hops)));
  expect(hops.reduce((a, b) => a + b)).toBeLessThanOrEqual(33);
  await desk.healthy();
});

test("a call to all: one that hangs does not keep the answers of the others", async () => {
  const opened = [await desk.echo(), await desk.echo(), await desk.echo(), await desk.echo("echo2")];
  for (const [i, { frame }] of opened.entries()) {
    await frame.evaluate((n) => window.hub.interop.register("all", () => (n === 1 ? new Promise(() => undefined) : n)).then(() => undefined), i);
  }
  const answers = await opened[3]!.frame.evaluate(async () =>
    (await window.hub.interop.invokeAll("all", null, { timeout: 500 })).map((answer) => ("error" in answer && answer.error ? answer.error.code : answer.value)),
  );
  expect(answers.map(String).sort()).toEqual(["0", "2", "3", "TIMEOUT"]);
  await desk.healthy();
});

test("names and titles that apps choose are text on the page, never markup; names that deceive are refused", async () => {
  const markup = await desk.echo("markup");
  const codes = await markup.frame.evaluate(async () => {
    const name = (text: string): Promise<string> => window.hub.interop.register(text, () => 1).then(() => "ok", ({ code }: { code: string }) => code);
    return Promise.all(["<img src=x onerror=pwned=1>", "a\u202eb", "\u0000", "x".repeat(10_000), " x", "e\u0301"].map(name));
  });
  expect(codes.slice(1)).toEqual(Array(5).fill("INVALID_NAME"));
  await desk.page.keyboard.press("Control+K"); // The palette lists apps by their titles.
  await expect.poll(() => desk.page.locator("#cf-palette-list").textContent()).toContain("<img src=x");
  await desk.page.keyboard.press("Escape");
  expect(await desk.page.locator("[role=tab]", { hasText: "<img src=x onerror=pwned=1>" }).count()).toBe(1);
  expect(await desk.page.locator("img").count()).toBe(0);
  expect(await desk.page.evaluate(() => "pwned" in window)).toBe(false);
  await desk.healthy();
});

test("writes of several apps have one order: conflicts are told, nothing is lost, nobody sees a gap", async () => {
  const [one, two] = [await desk.echo(), await desk.echo("echo2")];
  const both = [one, two];
  // Only one of two writes on the same revision succeeds; the other learns the present one.
  await one.frame.evaluate(() => window.hub.contexts.set("cas", { n: 0 }));
  const race = await Promise.all(
    both.map(({ frame }) =>
      frame.evaluate(() =>
        window.hub.contexts.set("cas", { by: window.hub.me.app }, { ifRevision: 1 }).then(
          (revision) => `written ${revision}`,
          ({ code, revision }: { code: string; revision?: number }) => `${code} ${revision}`,
        ),
      ),
    ),
  );
  expect(race.sort()).toEqual(["REVISION_CONFLICT 2", "written 2"]);

  // Fifty merges of each while one subscriber is there from the start and one joins in the middle.
  await two.frame.evaluate(async () => {
    const seen: number[] = ((window as unknown as { seen: number[] }).seen = []);
    await window.hub.contexts.subscribe("merge", (_, { revision }) => seen.push(revision));
  });
  const writes = both.map(({ frame }) =>
    frame.evaluate(async () => {
      await Promise.all(Array.from({ length: 50 }, (_, i) => window.hub.contexts.update("merge", { [`${window.hub.me.app}-${i}`]: i })));
    }),
  );
  const joined = one.frame.evaluate(async () => {
    const seen: [number, number][] = [];
    await window.hub.contexts.subscribe("merge", (value, { revision }) => seen.push([revision, Object.keys(value ?? {}).length]));
    while ((seen.at(-1)?.[0] ?? 0) < 100) await new Promise((resolve) => setTimeout(resolve, 5));
    return seen;
  });
  await Promise.all(writes);
  const seen = await joined;
  expect(seen.at(-1)).toEqual([100, 100]);
  for (const [i, [revision, members]] of seen.entries()) {
    expect(members).toBe(revision);
    if (i > 0) expect(revision).toBe((seen[i - 1]?.[0] ?? 0) + 1);
  }
  await expect.poll(() => two.frame.evaluate(() => (window as unknown as { seen: number[] }).seen)).toEqual(Array.from({ length: 101 }, (_, i) => i));
  await desk.healthy();
});

test("values are data: dangerous member names and markup arrive as they were sent, and do nothing", async () => {
  const [one, two] = [await desk.connected("raw"), await desk.echo("echo2")];
  const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toJSON":"x","html":"<img src=x onerror=pwned=1>","url":"javascript:pwned=1"}';
  await one.frame.evaluate((body) => window.raw.last.code(window.wire.OpContextSet, { name: "data", body }), text);
  await one.frame.evaluate(() => window.raw.last.code(window.wire.OpContextUpdate, { name: "data", body: '{"__proto__":{"polluted":2}}' }));
  const got = await two.frame.evaluate(async () => {
    let value: unknown;
    await window.hub.contexts.subscribe("data", (v) => (value = v));
    await window.hub.contexts.patch("data", { set: [[["__proto__", "polluted"], 3]] });
    const own = Object.getOwnPropertyDescriptor(value, "__proto__")?.value as { polluted?: number } | undefined;
    return { text: JSON.stringify(value), own: own?.polluted, polluted: "polluted" in {}, pwned: "pwned" in window };
  });
  expect(got).toMatchObject({ own: 3, polluted: false, pwned: false });
  expect(got.text).toContain('"html":"<img src=x onerror=pwned=1>"');
  expect(got.text).toContain('"url":"javascript:pwned=1"');
  expect(await desk.page.evaluate(() => ["polluted" in {}, "pwned" in window])).toEqual([false, false]);
  await desk.healthy();
});

test("the limit of a body is in UTF-8 bytes: exactly one mebibyte passes, one byte more does not", async () => {
  const { frame } = await desk.connected();
  const codes = await frame.evaluate(async () => {
    const body = (bytes: number, sign: string, size: number): string => {
      const frame = '{"v":""}'.length;
      const signs = Math.floor((bytes - frame) / size);
      return `{"v":"${sign.repeat(signs)}${"x".repeat(bytes - frame - signs * size)}"}`;
    };
    const port = window.raw.last;
    const limit = 1 << 20;
    const list = [];
    for (const [sign, size] of [["x", 1], ["😀", 4]] as const) {
      list.push(await port.code(window.wire.OpContextSet, { name: "large", body: body(limit, sign, size) }));
      port.send(window.wire.OpContextSet, { id: 9_000 + size, name: "large", body: body(limit + 1, sign, size) });
      const told = await port.until(({ op, id, head }) => op === window.wire.OpError && (id === 9_000 + size || id === 0) && !port.heard.some((m) => m.head === head && m.name === "seen"));
      list.push((JSON.parse(told.head) as { code: string }).code);
      port.heard.length = 0;
    }
    return list;
  });
  expect(codes).toEqual(["ok", "TOO_LARGE", "ok", "TOO_LARGE"]);
  await desk.audit("TOO_LARGE", "raw");
  await desk.healthy();
});

test("a string of 64 MB, an object of a million members and one of 200,000 levels are dropped unread", async () => {
  const { frame } = await desk.connected();
  const lag = await lagDuring(() =>
    frame.evaluate(async () => {
      const port = window.raw.last;
      const list = window.wire.OpContextList;
      port.port.postMessage([port.id, list, 5, 0, 0, "", "", "x".repeat(64 << 20)]);
      const huge: Record<string, number> = {};
      for (let i = 0; i < 1_000_000; i++) huge[`k${i}`] = i;
      port.port.postMessage([port.id, list, 6, 0, 0, "", "", huge]);
      let deep: unknown = null;
      for (let i = 0; i < 200_000; i++) deep = { deep };
      try {
        port.port.postMessage([port.id, list, 7, 0, 0, "", "", deep]);
      } catch {
        // Browsers differ in how deep a value they clone; what is not sent does no harm.
      }
      return port.code(list);
    }),
  );
  expect(lag).toBeLessThan(lagMs);
  expect(await frame.evaluate(() => window.raw.last.heard.some(({ id }) => [5, 6, 7].includes(id)))).toBe(false);
  await desk.audit("TOO_LARGE", "raw");
  await desk.healthy();
});

test("an app that floods its port is told so a few times and then cut off; the page and the others go on", async () => {
  const { frame, instance } = await desk.connected();
  const lag = await lagDuring(async () => {
    const told = await frame.evaluate(async () => {
      const port = window.raw.last;
      const body = JSON.stringify({ x: "x".repeat(1000) });
      for (let i = 1; i <= 50_000; i++) port.port.postMessage([port.id, window.wire.OpContextSet, i, 0, 0, "flood", "", body]);
      const { code } = await port.ended();
      return { code, limited: port.heard.filter(({ op, head }) => op === window.wire.OpError && head.includes("RATE_LIMITED")).length };
    });
    expect(told.code).toBe("SESSION_REVOKED");
    expect(told.limited).toBeGreaterThan(0);
    expect(told.limited).toBeLessThanOrEqual(60); // Ten a second, for as long as a loaded machine takes.
  });
  expect(lag).toBeLessThan(lagMs);
  await desk.state(instance, "refused");
  await desk.audit("RATE_LIMITED", "raw");
  await desk.sing(); // Forgets the slowest call during the flood.
  expect(await desk.sing()).toBeLessThan(2_000);
  expect((await desk.page.evaluate(async () => (await window.crossframe!.hub.contexts.read("flood")).revision)) as number).toBeLessThan(5_000);
  await desk.healthy();
});

test("two apps that answer each other's writes with writes are slowed down, and nobody else is", async () => {
  const both = [await desk.echo(), await desk.echo("echo2")];
  for (const { frame } of both) {
    await frame.evaluate(async () => {
      const state = ((window as unknown as { storm: { codes: string[]; on: boolean } }).storm = { codes: [] as string[], on: true });
      await window.hub.contexts.subscribe("storm", () => {
        if (!state.on) return;
        for (let i = 0; i < 3; i++) window.hub.contexts.update("storm", { [window.hub.me.app]: Math.random() }).catch(({ code }: { code: string }) => state.codes.push(code));
      });
    });
  }
  const codes = (): Promise<string[]> => Promise.all(both.map(({ frame }) => frame.evaluate(() => (window as unknown as { storm: { codes: string[] } }).storm.codes[0] ?? "")));
  await expect.poll(codes, { timeout: 30_000 }).toEqual([expect.stringMatching(/^(QUOTA_EXCEEDED|RATE_LIMITED)$/), expect.stringMatching(/^(QUOTA_EXCEEDED|RATE_LIMITED)$/)]);
  expect(await desk.sing()).toBeLessThan(5_000);
  for (const { frame } of both) await frame.evaluate(() => void ((window as unknown as { storm: { on: boolean } }).storm.on = false));
  for (const { instance } of both) await desk.state(instance, "connected");
  await desk.healthy();
});

test("the hub's program ends: calls under way are cancelled, everything else goes on where it was", async () => {
  const [one, two] = [await desk.echo(), await desk.echo("echo2")];
  await two.frame.evaluate(() => window.hub.interop.register("hang", () => new Promise(() => undefined)).then(() => undefined));
  await one.frame.evaluate(() => window.hub.contexts.set("kept", { n: 1 }));
  const seen = two.frame.evaluate(
    () =>
      new Promise<number[]>((resolve) => {
        const revisions: number[] = [];
        void window.hub.contexts.subscribe("kept", (_, { revision }) => {
          revisions.push(revision);
          if (revision === 2) resolve(revisions);
        });
      }),
  );
  const cancelled = one.frame.evaluate(() => window.hub.interop.invoke("hang").catch(({ code }: { code: string }) => code));
  const connections = await Promise.all([one, two].map(({ frame }) => frame.evaluate(() => window.hub.me.peer)));
  await two.frame.evaluate(() => window.hub.contexts.list()); // Behind this, the subscription and the call are known.
  await one.frame.evaluate(() => window.hub.contexts.list());
  await desk.page.evaluate(() => window.crossframe?.crash());
  expect(await cancelled).toBe("CANCELLED");
  expect(await one.frame.evaluate(() => window.hub.contexts.update("kept", { n: 2 }, { ifRevision: 1 }))).toBe(2);
  expect(await seen).toEqual([1, 2]);
  const answer = await one.frame.evaluate(() => window.hub.interop.invoke<{ from: string }>("echo2.echo", 1));
  expect(answer.from).toBe(two.instance);
  expect(await Promise.all([one, two].map(({ frame }) => frame.evaluate(() => window.hub.me.peer)))).toEqual(connections);
  expect(await one.frame.evaluate(() => window.echo.ends)).toEqual([]);
  await desk.healthy(["CANCELLED"]);
});

test("a hub whose program keeps ending stops, says so, and refuses who comes", async () => {
  const { frame } = await desk.connected();
  const end = frame.evaluate(async () => (await window.raw.last.ended()).code);
  for (let i = 1; i <= 5; i++) {
    await desk.page.evaluate(() => window.crossframe?.crash());
    if (i < 5) await expect.poll(() => desk.page.locator(".cf-status").textContent()).toBe("Hub: Running");
  }
  expect(await end).toBe("HUB_NOT_READY");
  await expect.poll(() => desk.page.locator(".cf-status").textContent()).toBe("Hub: Stopped");
  await desk.page.locator(".cf-status").click();
  expect(await desk.page.locator("#cf-status").textContent()).toContain("HUB_NOT_READY");
  expect(await frame.evaluate(async () => (await window.raw.greet().ended()).code)).toBe("HUB_NOT_READY");
  await desk.keptSecret();
  expect(desk.uncaught).toEqual([]);
});
