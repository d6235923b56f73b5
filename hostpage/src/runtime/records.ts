/**
 * The memory between JavaScript and the Go program; wasm/browser/records.go describes its layout. Numbers are
 * float64, strings UTF-8, records end at multiples of eight bytes.
 */
import { utf8Length } from "@crossframe/protocol";

export const IN_WORDS = 8;
export const OUT_WORDS = 10;
/** Bytes of a number. */
export const WORD = 8;

/** Kinds of outgoing records, as in Go. */
export const OUT_SEND = 1;
export const OUT_ADMIT = 2;
export const OUT_CLOSE = 3;
export const OUT_PAGE = 4;
export const OUT_JOURNAL = 5;
export const OUT_TEXT = 6;

/** Kinds of body, as protocol.BodyKind. */
export const BODY_NONE = 0;
export const BODY_TEXT = 1;
export const BODY_BINARY = 2;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A string up to this length is written character by character, which beats TextEncoder and its view. */
const SHORT = 64;

/** A body as it came on a port. */
export type Body = string | ArrayBuffer | null;

/** The Go program's memory, seen as numbers and as bytes. */
export class Memory {
  readonly #memory: WebAssembly.Memory;
  #buffer: ArrayBufferLike | undefined;
  words = new Float64Array();
  bytes = new Uint8Array();

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.look();
  }

  /** Finds the memory again: it moves when the program lets it grow. To be called whenever the program has run. */
  look(): void {
    const { buffer } = this.#memory;
    if (this.#buffer !== buffer) {
      this.#buffer = buffer;
      this.words = new Float64Array(buffer, 0, buffer.byteLength >> 3);
      this.bytes = new Uint8Array(buffer);
    }
  }

  /** Writes a string at a byte address and returns its length in bytes; there must be room for three bytes a unit. */
  write(text: string, at: number): number {
    const bytes = this.bytes;
    if (text.length <= SHORT) {
      let i = 0;
      for (; i < text.length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 0x7f) break;
        bytes[at + i] = unit;
      }
      if (i === text.length) return i;
    }
    return encoder.encodeInto(text, bytes.subarray(at, at + 3 * text.length)).written;
  }

  /** Reads a string. */
  text(at: number, length: number): string {
    return length === 0 ? "" : decoder.decode(this.bytes.subarray(at, at + length));
  }

  /** Copies bytes out. */
  copy(at: number, length: number): ArrayBuffer {
    return this.bytes.slice(at, at + length).buffer as ArrayBuffer;
  }
}

/** Collects incoming records, and keeps their bodies for the time of one call. */
export class Input {
  readonly #memory: Memory;
  readonly #reserve: (bytes: number) => number;
  #start = 0;
  #capacity = 0;
  #end = 0;
  readonly bodies: Body[] = [];

  /** @param reserve returns the address of an input area of at least so many bytes. */
  constructor(memory: Memory, reserve: (bytes: number) => number) {
    this.#memory = memory;
    this.#reserve = reserve;
  }

  /** Begins a call. */
  begin(now: number): void {
    this.bodies.length = 0;
    this.#room(WORD);
    this.#memory.words[this.#start / WORD] = now;
    this.#end = this.#start + WORD;
  }

  /** Adds a record. */
  add(op: number, id: number, ref: number, peer: number, name: string, head: string, body: Body): void {
    this.#room(this.length + WORD * (IN_WORDS + 1) + 3 * (name.length + head.length));
    const at = this.#end;
    const nameBytes = name === "" ? 0 : this.#memory.write(name, at + WORD * IN_WORDS);
    const headBytes = head === "" ? 0 : this.#memory.write(head, at + WORD * IN_WORDS + nameBytes);
    const words = this.#memory.words;
    const w = at / WORD;
    words[w] = op;
    words[w + 1] = id;
    words[w + 2] = ref;
    words[w + 3] = peer;
    words[w + 4] = nameBytes;
    words[w + 5] = headBytes;
    words[w + 6] = body === null ? BODY_NONE : typeof body === "string" ? BODY_TEXT : BODY_BINARY;
    words[w + 7] = body === null ? 0 : typeof body === "string" ? 3 * body.length : body.byteLength;
    this.bodies.push(body);
    this.#end = at + ((WORD * IN_WORDS + nameBytes + headBytes + WORD - 1) & -WORD);
  }

  /** How many records there are. */
  get count(): number {
    return this.bodies.length;
  }

  /** How many bytes they take. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** Makes room for so many bytes in all, keeping what is there. */
  #room(bytes: number): void {
    if (bytes <= this.#capacity) return;
    const used = this.#end - this.#start;
    const kept = used > 0 ? this.#memory.bytes.slice(this.#start, this.#end) : undefined;
    this.#capacity = Math.max(2 * bytes, 64 << 10);
    this.#start = this.#reserve(this.#capacity);
    if (kept) this.#memory.bytes.set(kept, this.#start);
    this.#end = this.#start + used;
  }

  /** Serves the Go program's import readBody. */
  readBody(index: number, at: number, size: number): number {
    this.#memory.look();
    const body = this.bodies[index];
    if (body === undefined || body === null) return 0;
    if (typeof body === "string" && !body.isWellFormed()) return this.#illFormed(at);
    if (typeof body !== "string") {
      if (at !== 0) this.#memory.bytes.set(new Uint8Array(body, 0, Math.min(size, body.byteLength)), at);
      return body.byteLength;
    }
    if (at === 0) return utf8Length(body);
    return encoder.encodeInto(body, this.#memory.bytes.subarray(at, at + size)).written;
  }

  /** Serves the Go program's import random. */
  random(at: number, size: number): void {
    this.#memory.look();
    // The memory may be shared, as far as types know; getRandomValues wants one that is not.
    this.#memory.bytes.set(crypto.getRandomValues(new Uint8Array(size)), at);
  }

  /** Encoding a lone surrogate would silently alter it; a byte that is not UTF-8 makes the Go side refuse the body. */
  #illFormed(at: number): number {
    if (at !== 0) this.#memory.bytes[at] = 0xff;
    return 1;
  }
}
