/**
 * Frames: what a post on a port is, before anyone looks at what it means. See "Frames on a port" in
 * docs/protocol.md.
 */
import { MaxHeadBytes, MaxHeaderBytes, MaxTuplesPerFrame } from "./wire.gen.js";

/** How many fields a message has. The first begins at index 1 of a frame, the next FIELDS further. */
export const FIELDS = 7;

/** A message's own data: one JSON text, or one ArrayBuffer; null where there is none. */
export type Body = string | ArrayBuffer | null;

/** One message: op, id, ref, peer, name, head, body. */
export type Message = readonly [
  op: number,
  id: number,
  ref: number,
  peer: number,
  name: string,
  head: string,
  body: Body,
];

/** Adds a message to a frame, which begins as [connectionId]. */
export function pack(frame: unknown[], ...message: Message): void {
  for (const field of message) frame.push(field);
}

/** Returns the message at an index of a frame that checkFrame has passed. Hot paths read the fields in place. */
export function unpack(frame: readonly unknown[], at: number): Message {
  return frame.slice(at, at + FIELDS) as unknown as Message;
}

const MAX_PEER = 0xffff_ffff;

/**
 * Tells whether data is a frame, whoever sent it: the number of its messages, or the code of what is wrong
 * with it. It looks at the array and its fields only, never into nested data, and runs nothing of the sender's.
 *
 * @param bodyBytes bounds one body, in UTF-8 bytes for text.
 * @param headBytes bounds one head; only the hub itself may send longer ones.
 */
export function checkFrame(
  data: unknown,
  bodyBytes: number,
  headBytes: number = MaxHeadBytes,
): number | "BAD_MESSAGE" | "TOO_LARGE" {
  if (!Array.isArray(data)) return "BAD_MESSAGE";
  const frame: readonly unknown[] = data;
  const count = (frame.length - 1) / FIELDS;
  if (count < 1 || count > MaxTuplesPerFrame || !Number.isInteger(count)) return "BAD_MESSAGE";
  const tag = frame[0];
  if (typeof tag !== "string") return "BAD_MESSAGE";
  if (!fits(tag, MaxHeaderBytes)) return "TOO_LARGE";
  for (let at = 1; at < frame.length; at += FIELDS) {
    const name = frame[at + 4];
    const head = frame[at + 5];
    const body = frame[at + 6];
    if (
      !isNumber(frame[at], MAX_PEER) ||
      !isNumber(frame[at + 1], Number.MAX_SAFE_INTEGER) ||
      !isNumber(frame[at + 2], Number.MAX_SAFE_INTEGER) ||
      !isNumber(frame[at + 3], MAX_PEER) ||
      typeof name !== "string" ||
      typeof head !== "string"
    ) {
      return "BAD_MESSAGE";
    }
    if (!fits(name, MaxHeaderBytes) || !fits(head, headBytes)) return "TOO_LARGE";
    if (typeof body === "string") {
      if (!fits(body, bodyBytes)) return "TOO_LARGE";
    } else if (body instanceof ArrayBuffer) {
      if (body.byteLength > bodyBytes) return "TOO_LARGE";
    } else if (body !== null) {
      return "BAD_MESSAGE";
    }
  }
  return count;
}

/** A whole number from 0 to max. -0 is one: it is 0 wherever it goes from here. */
function isNumber(value: unknown, max: number): boolean {
  return typeof value === "number" && value >= 0 && value <= max && Math.floor(value) === value;
}

/** Engines look for this in wide steps, many times faster than a loop over the units. */
const beyondAscii = /[\u0080-\uffff]/;

/** Whether text has at most limit bytes in UTF-8. It counts only where the length alone does not tell. */
export function fits(text: string, limit: number): boolean {
  const length = text.length;
  if (length * 3 <= limit) return true;
  return length <= limit && utf8Length(text, limit) <= limit;
}

/**
 * Returns the length of text in UTF-8 bytes; half of a surrogate pair counts as the U+FFFD that it becomes. Beyond
 * the limit it stops counting and returns some number above it.
 */
export function utf8Length(text: string, limit: number = Infinity): number {
  const length = text.length;
  if (!beyondAscii.test(text)) return length;
  let bytes = length;
  for (let i = 0; i < length && bytes <= limit; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      bytes++;
      continue;
    }
    bytes += 2;
    // A pair is two units and four bytes: two more than its units.
    if (unit >= 0xd800 && unit < 0xdc00 && i + 1 < length && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
  }
  return bytes;
}
