import { expect, test } from "vitest";
import { decodeStream, encodeClosed, encodeStream, StreamError } from "../src/index.js";
import { vectors } from "./vectors.js";

interface Vector {
  readonly why: string;
  readonly hex: string;
  readonly connection?: string;
  readonly messages?: readonly {
    readonly op: number;
    readonly id: number;
    readonly ref: number;
    readonly peer: number;
    readonly name: string;
    readonly head: string;
    readonly text?: string;
    readonly binary?: string;
  }[];
  readonly closed?: { readonly code: number; readonly reason: string };
  readonly fault?: string;
}

const cases = vectors<Vector>("stream.json");
const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** The frame that a vector describes, with binary bodies as hex. */
const frameOf = ({ connection = "", messages = [] }: Vector) => [
  connection,
  ...messages.flatMap((m) => [m.op, m.id, m.ref, m.peer, m.name, m.head, m.text ?? (m.binary === undefined ? null : { hex: m.binary })]),
];
const legible = (frame: readonly unknown[]) => frame.map((f) => (f instanceof ArrayBuffer ? { hex: toHex(new Uint8Array(f)) } : f));
const sendable = (frame: readonly unknown[]) =>
  frame.map((f) => (typeof f === "object" && f !== null ? fromHex((f as { hex: string }).hex).buffer : f));

// The bounds that Go's test applies: those that the protocol sets for what an app sends.
const partBytes = 1 << 20;

test.each(cases.filter((c) => !c.fault && !c.closed))("$why", (c) => {
  const read = decodeStream(fromHex(c.hex), partBytes);
  if (read.kind !== "frame") throw new Error("it was taken for a last frame");
  expect(legible(read.frame)).toEqual(frameOf(c));
  expect(toHex(encodeStream(sendable(frameOf(c))))).toBe(c.hex);
});

test.each(cases.filter((c) => c.closed))("$why", (c) => {
  expect(decodeStream(fromHex(c.hex), partBytes)).toEqual({ kind: "closed", ...c.closed });
  expect(toHex(encodeClosed(c.closed?.code ?? 0, c.closed?.reason ?? ""))).toBe(c.hex);
});

test.each(cases.filter((c) => c.fault))("$why is refused", (c) => {
  // Go bounds heads more narrowly than this side has to: a broker's are longer than an app's.
  const bound = c.fault === "TOO_LARGE" ? 64 << 10 : partBytes;
  expect(() => decodeStream(fromHex(c.hex), bound)).toThrow(StreamError);
  try {
    decodeStream(fromHex(c.hex), bound);
  } catch (error) {
    expect((error as StreamError).code).toBe(c.fault);
  }
});

test("whatever the bytes are, they are a frame or refused", () => {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const seeds = cases.map((c) => fromHex(c.hex)).filter((bytes) => bytes.length > 0 && bytes.length < 200);
  for (let round = 0; round < 20_000; round++) {
    const bytes = (seeds[Math.floor(random() * seeds.length)] as Uint8Array).slice();
    for (let n = Math.ceil(random() * 3); n > 0; n--) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    let read;
    try {
      read = decodeStream(bytes.subarray(0, Math.ceil(random() * bytes.length)), 1000);
    } catch (error) {
      expect(error).toBeInstanceOf(StreamError);
      continue;
    }
    if (read.kind === "frame") expect(decodeStream(encodeStream(read.frame), 1000)).toEqual(read);
  }
});
