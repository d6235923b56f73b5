/**
 * What a call of the Go program sends: records that are read in place, one after the other. There is one object for
 * all of them, because a busy hub would otherwise make garbage for each message.
 */
import { BODY_NONE, BODY_TEXT, OUT_WORDS, WORD, type Body, type Input, type Memory } from "./records.js";

export class Output {
  readonly #memory: Memory;
  readonly #input: Input;
  /** Byte addresses of the next record, and behind the last one. */
  #next = 0;
  #end = 0;
  #bodyKind = BODY_NONE;
  #bodyAt = 0;
  /** Bytes of the program's own, or -(index+1) for a body of the input. */
  #body = 0;

  kind = 0;
  port = 0;
  op = 0;
  id = 0;
  ref = 0;
  peer = 0;
  name = "";
  head = "";

  constructor(memory: Memory, input: Input) {
    this.#memory = memory;
    this.#input = input;
  }

  /** Begins with the records at a byte address. */
  begin(at: number, length: number): void {
    this.#next = at;
    this.#end = at + length;
  }

  /** Goes to the next record: the fields are its, until next is called again. False behind the last one. */
  next(): boolean {
    const at = this.#next;
    if (at >= this.#end) return false;
    const { words } = this.#memory;
    const w = at / WORD;
    const nameAt = at + WORD * OUT_WORDS;
    const headAt = nameAt + (words[w + 6] as number);
    this.kind = words[w] as number;
    this.port = words[w + 1] as number;
    this.op = words[w + 2] as number;
    this.id = words[w + 3] as number;
    this.ref = words[w + 4] as number;
    this.peer = words[w + 5] as number;
    this.name = this.#memory.text(nameAt, words[w + 6] as number);
    this.head = this.#memory.text(headAt, words[w + 7] as number);
    this.#bodyKind = words[w + 8] as number;
    this.#body = words[w + 9] as number;
    this.#bodyAt = headAt + (words[w + 7] as number);
    this.#next = (this.#bodyAt + Math.max(this.#body, 0) + WORD - 1) & -WORD;
    return true;
  }

  /** The present record's body. */
  body(): Body {
    if (this.#bodyKind === BODY_NONE) return null;
    if (this.#body < 0) return this.#input.bodies[-this.#body - 1] ?? null;
    return this.#bodyKind === BODY_TEXT ? this.#memory.text(this.#bodyAt, this.#body) : this.#memory.copy(this.#bodyAt, this.#body);
  }
}
