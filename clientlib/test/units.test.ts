import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test, vi } from "vitest";
import { merged } from "../src/api/merge.js";
import { patched } from "../src/api/patches.js";
import { createRoster } from "../src/api/roster.js";
import { decodeBody, encodeBody, transfer } from "../src/body.js";
import { CrossframeError, fromFault, toFault } from "../src/errors.js";
import { hubCandidates } from "../src/origins.js";
import { createPacer } from "../src/pacing.js";
import { library } from "../src/version.js";

afterEach(() => void vi.useRealTimers());

/** An object with an own member "__proto__", as JSON brings it. */
const poisoned = () => JSON.parse('{"__proto__": {"polluted": true}, "a": 1}') as Record<string, unknown>;

describe("hub candidates", () => {
  const desk = "https://desk.example.com";
  const app = "https://crm.example.com";
  const at = (hubOrigin: string, ownOrigin = app) => ({ hubOrigin, ownOrigin });

  test.each([
    ["the given origin", at(desk), [desk], [desk]],
    ["a trailing slash", at(desk), [`${desk}/`], [desk]],
    ["one of several", at(desk), ["https://a.test", desk], [desk]],
    ["the script's origin, where none is given", { ...at(desk), scriptOrigin: desk }, undefined, [desk]],
    ["a hub on localhost for an app on localhost", at("http://localhost:8080", "http://localhost:5173"), [desk], ["http://localhost:8080"]],
    ["sub-domains of localhost", at("https://desk.localhost", "https://a.b.localhost"), undefined, ["https://desk.localhost"]],
    ["127.0.0.1 and localhost are one machine", at("http://127.0.0.1:8080", "http://localhost"), undefined, ["http://127.0.0.1:8080"]],
    ["[::1]", at("http://[::1]:8080", "http://[::1]:1"), undefined, ["http://[::1]:8080"]],
    ["all the given, where the browser does not tell", { ownOrigin: app }, [desk, "https://b.test"], [desk, "https://b.test"]],
    ["all the given, whatever the hint", { ownOrigin: app, hint: "https://b.test" }, [desk, "https://b.test"], [desk, "https://b.test"]],
    ["no hint that is not trusted", { ownOrigin: app, hint: "https://evil.test" }, [desk], [desk]],
    ["a hint on this machine while developing", { ownOrigin: "http://localhost:5173", hint: "http://localhost:8080" }, undefined, ["http://localhost:8080"]],
  ])("are %s", (_, around, given, want) => expect(hubCandidates(around, given)).toEqual(want));

  test.each([
    ["nothing given", at(desk), undefined],
    ["an empty list", at(desk), []],
    ["another host", at("https://evil.test"), [desk]],
    ["a longer host", at(`${desk}.evil.test`), [desk]],
    ["a sub-domain", at("https://a.desk.example.com"), [desk]],
    ["another port", at(`${desk}:8443`), [desk]],
    ["another scheme", at("http://desk.example.com"), [desk]],
    ["an opaque origin", at("null"), [desk]],
    ["a hub on localhost for an app elsewhere", at("http://localhost:8080"), [desk]],
    ["a host that begins like localhost", at("http://localhost.evil.test", "http://localhost"), undefined],
    ["a host that ends like localhost", at("http://evil-localhost", "http://localhost"), undefined],
    ["given origins replace the script's", { ...at("https://cdn.test"), scriptOrigin: "https://cdn.test" }, [desk]],
    ["no idea at all", { ownOrigin: app }, undefined],
  ])("refuse %s", (_, around, given) => {
    expect(() => hubCandidates(around, given)).toThrow(expect.objectContaining({ code: "HUB_UNTRUSTED" }));
  });

  test.each(["*", "https://*.example.com", "desk.example.com", "https://desk.example.com/path", "https://u@desk.example.com", "null", "data:,x", ""])(
    "take only exact origins, not %j",
    (given) => {
      expect(() => hubCandidates(at(desk), [given])).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    },
  );
});

describe("merge", () => {
  test("copies, merges and removes", () => {
    const value = { a: 1, b: { c: 1 } };
    expect(merged(value, { b: 2, d: 3 }, ["a", "x"])).toEqual({ b: 2, d: 3 });
    expect(value).toEqual({ a: 1, b: { c: 1 } });
  });

  test("keeps __proto__ as a plain member", () => {
    const value = merged({}, poisoned());
    expect(Object.keys(value)).toEqual(["__proto__", "a"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(merged(value, {}, ["__proto__"]))).toEqual(["a"]);
    const set = patched({}, [[["__proto__", "polluted"], true], [["constructor", "prototype", "polluted"], true]]);
    expect(JSON.stringify(set)).toBe('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
    expect(JSON.stringify(patched(set, [], [["__proto__", "polluted"]]))).toBe(
      '{"__proto__":{},"constructor":{"prototype":{"polluted":true}}}',
    );
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("patches paths: removals first, then settings in order, objects created on the way", () => {
    const value = { a: { b: 1, c: 2 }, d: "text" };
    const result = patched(value, [[["a", "b"], 7], [["d", "e"], 8], [["x", "y", "z"], 9], [["x", "y"], 10]], [["a"], ["no", "where"]]);
    expect(result).toEqual({ a: { b: 7 }, d: { e: 8 }, x: { y: 10 } });
    expect(value).toEqual({ a: { b: 1, c: 2 }, d: "text" });
  });
});

describe("bodies", () => {
  test.each([
    ["undefined", undefined, null],
    ["null", null, "null"],
    ["an object", { a: [1, "ä"] }, '{"a":[1,"ä"]}'],
    ["a lone surrogate", "\ud800", '"\\ud800"'],
  ])("%s", (_, value, body) => {
    expect(encodeBody(value, Infinity)).toBe(body);
    expect(decodeBody(body)).toEqual(value);
  });

  test("a buffer is copied when it is taken, or moved where it is marked", () => {
    const buffer = new Uint8Array([1, 2, 3]).buffer;
    const copy = encodeBody(buffer, 3) as ArrayBuffer;
    expect([buffer.byteLength, new Uint8Array(copy)]).toEqual([3, new Uint8Array([1, 2, 3])]);
    const moved = encodeBody(transfer(buffer), 3) as ArrayBuffer;
    expect([buffer.byteLength, moved.byteLength]).toEqual([0, 3]);
  });

  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  test.each([
    ["a cycle", cycle],
    ["a bigint", 1n],
    ["a function", () => 1],
    ["a symbol", Symbol("x")],
    ["a view", new Uint8Array(1)],
    ["a toJSON that throws", { toJSON: () => { throw new Error("no"); } }],
  ])("%s does not travel", (_, value) => {
    expect(() => encodeBody(value, Infinity)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  test.each([
    ["ascii at the limit", "a".repeat(8), true],
    ["ascii over it", "a".repeat(9), false],
    ["two-byte characters at the limit", "ä".repeat(4), true],
    ["two-byte characters over it", "ä".repeat(5), false],
    ["four-byte characters at the limit", "😀😀", true],
    ["a buffer at the limit", new ArrayBuffer(10), true],
    ["a buffer over it", new ArrayBuffer(11), false],
  ])("are held to the limit in UTF-8 bytes: %s", (_, value, fits) => {
    if (fits) expect(encodeBody(value, 10)).not.toBeNull();
    else expect(() => encodeBody(value, 10)).toThrow(expect.objectContaining({ code: "TOO_LARGE" }));
  });
});

describe("errors", () => {
  test("come of faults with every field", () => {
    const error = fromFault({ code: "REVISION_CONFLICT", message: "m", retryable: true, revision: 4 });
    expect(error).toBeInstanceOf(CrossframeError);
    expect({ ...error, message: error.message }).toMatchObject({ code: "REVISION_CONFLICT", message: "m", retryable: true, revision: 4 });
    expect(fromFault({})).toMatchObject({ code: "INTERNAL", message: "", retryable: false });
  });

  test("become faults without their stack", () => {
    expect(toFault(new TypeError("secret place"))).toEqual({ code: "HANDLER_ERROR", message: "secret place" });
    expect(toFault("text")).toEqual({ code: "HANDLER_ERROR", message: "text" });
    expect(toFault(new CrossframeError("TIMEOUT", "slow"))).toEqual({ code: "TIMEOUT", message: "slow", retryable: true });
    expect(toFault(new Error("x".repeat(5_000))).message.length).toBe(1_000);
  });
});

describe("pacer", () => {
  test("sends a burst at once, the rest in order at the rate, and refuses what is too much", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const sent: number[] = [];
    const pacer = createPacer();
    const offer = (n: number) => pacer.offer(() => sent.push(n));
    pacer.limit(100, 20);
    const taken = Array.from({ length: 50 }, (_, n) => offer(n));
    // 90 % of the limits are used: 18 of the burst at once, and as many may wait.
    expect(sent.length).toBe(18);
    expect(taken.filter(Boolean).length).toBe(36);
    vi.advanceTimersByTime(120);
    expect(sent.length).toBe(18 + 10);
    expect(offer(99)).toBe(true);
    vi.advanceTimersByTime(1_000);
    expect(sent).toEqual([...Array(36).keys(), 99]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("never exceeds the limits over any time", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const sent: number[] = [];
    const pacer = createPacer();
    pacer.limit(200, 50);
    for (let ms = 0; ms < 3_000; ms++) {
      for (let i = 0; i < 3; i++) pacer.offer(() => sent.push(performance.now()));
      vi.advanceTimersByTime(1);
    }
    for (let i = 0; i < sent.length; i++) {
      for (const j of [i + 50, i + 100, i + 300]) {
        if (j < sent.length) expect(j - i + 1).toBeLessThanOrEqual(50 + ((sent[j] as number) - (sent[i] as number)) * 0.2 + 1);
      }
    }
  });

  test("has no limit where there is none, and forgets what waits", () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    let sent = 0;
    const pacer = createPacer();
    const offer = () => pacer.offer(() => sent++);
    for (let i = 0; i < 10_000; i++) offer();
    pacer.limit(0, 0);
    for (let i = 0; i < 10_000; i++) offer();
    expect(sent).toBe(20_000);
    pacer.limit(1, 2);
    for (let i = 0; i < 2; i++) offer();
    expect([sent, vi.getTimerCount()]).toEqual([20_001, 1]);
    pacer.limit(1, 2);
    vi.advanceTimersByTime(10_000);
    expect([sent, vi.getTimerCount()]).toEqual([20_001, 0]);
  });
});

test("a roster tells what a full list changes", () => {
  const roster = createRoster<string>((item) => item);
  roster.note(["a", "b"], []);
  expect(roster.difference(["b", "c"])).toEqual([["c"], ["a"]]);
  roster.note(["c"], ["a"]);
  expect(roster.difference(["b", "c"])).toEqual([[], []]);
});

test("the library names itself as package.json does", () => {
  const { name, version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as Record<string, string>;
  expect(library).toBe(`${name} ${version}`);
});
