/**
 * One run of the hub's Go program: loads it, calls its exported function, and notices its end.
 */
import "wasm_exec";
import { Input, Memory, OUT_WORDS } from "./records.js";

/** What `wasm_exec` defines; the Go distribution brings no types for it. */
interface GoRuntime {
  readonly importObject: WebAssembly.Imports;
  readonly exited: boolean;
  run(instance: WebAssembly.Instance): Promise<void>;
}
declare const Go: new () => GoRuntime;

/** Kinds of calls; wasm/browser/worker.go describes them. */
export const CALL_RESERVE = 0;
export const CALL_FRAMES = 1;
export const CALL_PAGE = 2;
export const CALL_TICK = 3;
export const CALL_RESTORE = 4;
export const CALL_RESUME = 5;
export const CALL_EXIT = 6;

type Turn = (kind: number, port: number, length: number) => number;

/** The program has ended; what the call would have done is lost. */
export class ProgramEnded extends Error {}

/** An outgoing record, read in place. */
export interface OutRecord {
  readonly kind: number;
  readonly port: number;
  readonly op: number;
  readonly id: number;
  readonly ref: number;
  readonly peer: number;
  readonly name: string;
  readonly head: string;
  readonly bodyKind: number;
  /** Bytes of the program's own, or -(index+1) for a body of the input. */
  readonly body: number;
  /** Where the program's own bytes are. */
  readonly bodyAt: number;
}

export class Program {
  readonly #go: GoRuntime;
  readonly #turn: Turn;
  readonly memory: Memory;
  readonly input: Input;

  private constructor(go: GoRuntime, instance: WebAssembly.Instance, memory: Memory, hook: { read: Input | undefined }) {
    this.#go = go;
    this.#turn = instance.exports["turn"] as Turn;
    this.memory = memory;
    this.input = new Input(memory, (bytes) => this.#turn(CALL_RESERVE, 0, bytes) >>> 0);
    hook.read = this.input;
  }

  /** Starts the program. It is ready for calls when the promise resolves. */
  static async start(module: WebAssembly.Module): Promise<Program> {
    const go = new Go();
    const hook: { read: Input | undefined } = { read: undefined };
    const imports = {
      ...go.importObject,
      crossframe: {
        readBody: (index: number, at: number, size: number) => hook.read?.readBody(index, at >>> 0, size) ?? 0,
        random: (at: number, size: number) => hook.read?.random(at >>> 0, size),
      },
    };
    const instance = await WebAssembly.instantiate(module, imports);
    const program = new Program(go, instance, new Memory(instance.exports["mem"] as WebAssembly.Memory), hook);
    // The promise settles when the program ends; whoever calls it next sees that by #go.exited.
    go.run(instance).catch(() => undefined);
    return program;
  }

  /**
   * Calls the program with the collected input, and visits what it sends.
   * @returns when the next tick is due, on the clock of the input; 0 for never
   */
  call(kind: number, port: number, visit: (record: OutRecord) => void): number {
    let at: number;
    try {
      at = this.#turn(kind, port, this.input.length) >>> 0;
    } catch (error) {
      throw new ProgramEnded(String(error));
    }
    if (this.#go.exited) {
      throw new ProgramEnded("the hub's program has ended");
    }
    const result = at >> 3;
    const words = this.memory.words;
    const start = words[result] ?? 0;
    const end = start + (words[result + 1] ?? 0);
    const deadline = words[result + 2] ?? 0;
    for (let record = start; record < end; ) {
      record = this.#visit(record, visit);
    }
    return deadline;
  }

  #visit(at: number, visit: (record: OutRecord) => void): number {
    const { memory } = this;
    const words = memory.words;
    const w = at >> 3;
    const nameAt = at + 8 * OUT_WORDS;
    const nameBytes = words[w + 6] ?? 0;
    const headAt = nameAt + nameBytes;
    const headBytes = words[w + 7] ?? 0;
    const body = words[w + 9] ?? 0;
    const bodyAt = headAt + headBytes;
    visit({
      kind: words[w] ?? 0,
      port: words[w + 1] ?? 0,
      op: words[w + 2] ?? 0,
      id: words[w + 3] ?? 0,
      ref: words[w + 4] ?? 0,
      peer: words[w + 5] ?? 0,
      name: memory.text(nameAt, nameBytes),
      head: memory.text(headAt, headBytes),
      bodyKind: words[w + 8] ?? 0,
      body,
      bodyAt,
    });
    return (bodyAt + Math.max(body, 0) + 7) & -8;
  }
}
