import { describe, expect, it } from "vitest";
import { checkFrame, FIELDS, fits, OpInvoke, pack, unpack, utf8Length } from "../src/index.js";
import { vectors } from "./vectors.js";

interface FrameVector {
  readonly why: string;
  readonly frame: unknown;
  readonly result: number | string;
}

/** What frames.json writes as an object, for lack of a JSON value. */
interface Described {
  readonly repeat?: string;
  readonly unit?: number;
  readonly times?: number;
  readonly buffer?: number;
  readonly messages?: number;
  readonly odd?: string;
}

const odd: Readonly<Record<string, unknown>> = {
  Object: { nested: { deep: [] } },
  Uint8Array: new Uint8Array(8),
  Map: new Map([["a", 1]]),
  BigInt: 1n,
  NaN: NaN,
  Infinity: Infinity,
  undefined: undefined,
};

/** Returns the values that a described one stands for. */
function expand(value: unknown): unknown[] {
  if (Array.isArray(value)) return [value.flatMap(expand)];
  if (typeof value !== "object" || value === null) return [value];
  const { repeat, unit, times = 0, buffer, messages, odd: what } = value as Described;
  if (repeat !== undefined) return [repeat.repeat(times)];
  if (unit !== undefined) return [String.fromCharCode(unit).repeat(times)];
  if (buffer !== undefined) return [new ArrayBuffer(buffer)];
  if (messages !== undefined) return Array.from({ length: messages }, () => [26, 0, 0, 0, "", "", null]).flat();
  if (what !== undefined && what in odd) return [odd[what]];
  throw new Error(`frames.json describes ${JSON.stringify(value)}`);
}

describe("checkFrame", () => {
  it.each(vectors<FrameVector>("frames.json"))("$why", ({ frame, result }) => {
    expect(checkFrame(expand(frame)[0], 2048)).toBe(result);
  });

  it("runs nothing of what is nested", () => {
    const trap = new Proxy({}, { get: () => expect.unreachable(), ownKeys: () => expect.unreachable() });
    expect(checkFrame(["c", 22, 1, 0, 0, "m", trap, null], 2048)).toBe("BAD_MESSAGE");
  });

  it("takes longer heads where it is told so", () => {
    const frame = ["c", 22, 1, 0, 0, "m", "h".repeat(70_000), null];
    expect(checkFrame(frame, 2048)).toBe("TOO_LARGE");
    expect(checkFrame(frame, 2048, 1 << 20)).toBe(1);
  });
});

describe("utf8Length", () => {
  const encoder = new TextEncoder();
  it.each(["", "abc", "é", "€", "😀", "\ud83d", "\ude00", "\ude00\ud83d", "\ud83dx", "a😀é€\ud83d", "\ud83d\ud83d\ude00"])(
    "of %j is what an encoder makes",
    (text) => {
      const length = encoder.encode(text).length;
      expect(utf8Length(text)).toBe(length);
      expect(fits(text, length)).toBe(true);
      expect(fits(text, length - 1)).toBe(false);
    },
  );

  it("stops above the limit", () => {
    expect(utf8Length("€".repeat(1000), 10)).toBeGreaterThan(10);
  });
});

describe("pack", () => {
  it("adds what unpack returns", () => {
    const frame: unknown[] = ["c"];
    const body = new ArrayBuffer(3);
    pack(frame, OpInvoke, 1, 0, 7, "m", "{}", null);
    pack(frame, OpInvoke, 2, 5, 0, "n", "", body);
    expect(checkFrame(frame, 3)).toBe(2);
    expect(unpack(frame, 1)).toEqual([22, 1, 0, 7, "m", "{}", null]);
    expect(unpack(frame, 1 + FIELDS)).toEqual([22, 2, 5, 0, "n", "", body]);
  });
});
