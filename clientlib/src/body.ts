import type { Body } from "@crossframe/protocol";
import { CrossframeError } from "./errors.js";

const beyondAscii = /[\u0080-\uffff]/;

const moving = new WeakSet<ArrayBuffer>();

/**
 * Marks a buffer to be moved instead of copied when it is next sent as arguments, result or progress. It is
 * empty for the sender from then on.
 */
export function transfer(buffer: ArrayBuffer): ArrayBuffer {
  moving.add(buffer);
  return buffer;
}

/**
 * Makes a body of a value: an ArrayBuffer as it is, undefined as no body, anything else as JSON. The body is
 * taken here, not when it is posted, so that changing the value afterwards changes nothing, and one bad value
 * fails alone and not with everything that shares its frame.
 */
export function encodeBody(value: unknown, limit: number): Body {
  if (value === undefined) return null;
  const isBuffer = value instanceof ArrayBuffer;
  if (isBuffer) checkSize(value.byteLength, limit);
  let body: Body | undefined;
  let why: unknown = typeof value;
  try {
    // A view is refused: as JSON it would be an object with a member for each element.
    body = isBuffer ? take(value) : ArrayBuffer.isView(value) ? undefined : JSON.stringify(value);
  } catch (error) {
    why = error;
  }
  if (body === undefined) throw new CrossframeError("INVALID_ARGUMENT", `neither JSON nor an ArrayBuffer: ${why}`);
  if (!isBuffer) checkText(body as string, limit);
  return body;
}

/** Makes a value of a body. */
export function decodeBody(body: unknown): unknown {
  return typeof body === "string" ? JSON.parse(body) : (body ?? undefined);
}

/** Throws TOO_LARGE where a text has more UTF-8 bytes than the limit. */
export function checkText(text: string, limit: number): void {
  // A UTF-16 unit becomes at most three bytes, so that most texts need no counting. Nor does ASCII, which engines
  // recognize much faster than they encode.
  if (text.length * 3 > limit) checkSize(beyondAscii.test(text) ? new TextEncoder().encode(text).length : text.length, limit);
}

function checkSize(bytes: number, limit: number): void {
  if (bytes > limit) throw new CrossframeError("TOO_LARGE", `more than ${limit} bytes`);
}

/** Copies or moves a buffer. slice throws where it was moved before; structuredClone does not, in some engines. */
function take(buffer: ArrayBuffer): ArrayBuffer {
  return moving.delete(buffer) && buffer.slice(0, 0) ? structuredClone(buffer, { transfer: [buffer] }) : buffer.slice(0);
}
