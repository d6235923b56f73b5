/**
 * Frames as bytes, for a WebSocket between a program and a broker. See "Frames as bytes" in docs/protocol.md; the Go
 * side is protocol/stream. A frame has one form only, and what is not of that form is refused.
 */
import { FIELDS, type Body } from "./frame.js";
import { MaxHeaderBytes, MaxTuplesPerFrame } from "./wire.gen.js";

/** The first byte of every frame that carries messages. */
const VERSION = 1;
const MAX_UINT32 = 0xffff_ffff;
/** The highest code of a WebSocket's end. */
const MAX_CLOSE = 4999;
const MAX_REASON_BYTES = 123;

const BODY_NONE = 0;
const BODY_TEXT = 1;
const BODY_BINARY = 2;

/** What arrived: messages, in the form of a frame on a port; or why the other side ends the connection. */
export type StreamFrame =
  | { readonly kind: "frame"; readonly frame: readonly unknown[] }
  | { readonly kind: "closed"; readonly code: number; readonly reason: string };

/** The bytes are not a frame, or are over a bound. */
export class StreamError extends Error {
  readonly code: "BAD_MESSAGE" | "TOO_LARGE";

  constructor(code: "BAD_MESSAGE" | "TOO_LARGE", message: string) {
    super(message);
    this.code = code;
  }
}

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Makes bytes of a frame as it would be posted on a port; [connectionId] alone is a heartbeat. */
export function encodeStream(frame: readonly unknown[]): Uint8Array<ArrayBuffer> {
  const out = new Writer();
  out.byte(VERSION);
  out.text(frame[0] as string);
  for (let at = 1; at < frame.length; at += FIELDS) {
    for (let field = 0; field < 4; field++) out.number(frame[at + field] as number);
    out.text(frame[at + 4] as string);
    out.text(frame[at + 5] as string);
    const body = frame[at + 6] as Body;
    if (body === null) {
      out.byte(BODY_NONE);
    } else if (typeof body === "string") {
      out.byte(BODY_TEXT);
      out.text(body);
    } else {
      out.byte(BODY_BINARY);
      out.bytes(new Uint8Array(body));
    }
  }
  return out.done();
}

/** Makes bytes of a last frame. */
export function encodeClosed(code: number, reason: string): Uint8Array<ArrayBuffer> {
  const out = new Writer();
  out.byte(0);
  out.number(code);
  out.raw(encoder.encode(reason).subarray(0, MAX_REASON_BYTES));
  return out.done();
}

/**
 * Reads bytes. Throws a {@link StreamError} where they are not a frame.
 *
 * @param partBytes bounds each head and each body
 */
export function decodeStream(data: Uint8Array, partBytes: number): StreamFrame {
  const reader = new Reader(data, partBytes);
  const version = reader.byte();
  if (version === 0) return reader.closed();
  if (version !== VERSION) throw new StreamError("BAD_MESSAGE", "the frame is of another version");
  const frame: unknown[] = [reader.text(MaxHeaderBytes)];
  for (let count = 0; !reader.empty; count++) {
    if (count === MaxTuplesPerFrame) throw new StreamError("BAD_MESSAGE", "the frame has too many messages");
    frame.push(reader.number(MAX_UINT32), reader.number(), reader.number(), reader.number(MAX_UINT32));
    frame.push(reader.text(MaxHeaderBytes), reader.text(partBytes), reader.body());
  }
  return { kind: "frame", frame };
}

/** Whether a close frame may carry the code (RFC 6455, section 7.4). */
function travels(code: number): boolean {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= MAX_CLOSE);
}

/** Bytes that grow. */
class Writer {
  #bytes = new Uint8Array(256);
  #length = 0;

  #room(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  /** Seven bits a byte, the lowest first. Numbers go beyond 32 bits, so there is no shifting. */
  number(value: number): void {
    this.#room(8);
    while (value > 127) {
      this.#bytes[this.#length++] = (value % 128) + 128;
      value = Math.floor(value / 128);
    }
    this.#bytes[this.#length++] = value;
  }

  raw(data: Uint8Array): void {
    this.#room(data.length);
    this.#bytes.set(data, this.#length);
    this.#length += data.length;
  }

  bytes(data: Uint8Array): void {
    this.number(data.length);
    this.raw(data);
  }

  text(text: string): void {
    this.bytes(encoder.encode(text));
  }

  done(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Takes a frame apart from the front. */
class Reader {
  readonly #data: Uint8Array;
  readonly #partBytes: number;
  #at = 0;

  constructor(data: Uint8Array, partBytes: number) {
    this.#data = data;
    this.#partBytes = partBytes;
  }

  get empty(): boolean {
    return this.#at === this.#data.length;
  }

  byte(): number {
    const value = this.#data[this.#at++];
    if (value === undefined) throw new StreamError("BAD_MESSAGE", "the frame ends too early");
    return value;
  }

  number(limit = Number.MAX_SAFE_INTEGER): number {
    let value = 0;
    for (let scale = 1, digits = 1; ; scale *= 128, digits++) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (value > limit || digits > 8) throw new StreamError("BAD_MESSAGE", "a number is out of range");
      if (byte > 127) continue;
      if (byte === 0 && digits > 1) throw new StreamError("BAD_MESSAGE", "a number is not in its shortest form");
      return value;
    }
  }

  bytes(limit: number): Uint8Array {
    const length = this.number();
    if (length > limit) throw new StreamError("TOO_LARGE", "a part of the frame is too large");
    if (length > this.#data.length - this.#at) throw new StreamError("BAD_MESSAGE", "the frame ends too early");
    return this.#data.subarray(this.#at, (this.#at += length));
  }

  text(limit: number): string {
    return readText(this.bytes(limit));
  }

  body(): Body {
    switch (this.byte()) {
      case BODY_NONE:
        return null;
      case BODY_TEXT:
        return this.text(this.#partBytes);
      case BODY_BINARY:
        return this.bytes(this.#partBytes).slice().buffer as ArrayBuffer;
    }
    throw new StreamError("BAD_MESSAGE", "a body is of an unknown kind");
  }

  closed(): StreamFrame {
    const code = this.number(MAX_CLOSE);
    const reason = this.#data.subarray(this.#at);
    if (!travels(code) || reason.length > MAX_REASON_BYTES) throw new StreamError("BAD_MESSAGE", "a last frame is malformed");
    return { kind: "closed", code, reason: readText(reason) };
  }
}

function readText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new StreamError("BAD_MESSAGE", "a text is not UTF-8");
  }
}
