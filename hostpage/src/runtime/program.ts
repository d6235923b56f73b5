/**
 * One run of the hub's Go program: loads it, calls its exported function, and notices its end.
 */
import "wasm_exec";
import type { ProgramFile } from "./messages.js";
import { Output } from "./output.js";
import { Input, Memory, WORD } from "./records.js";

/** What `wasm_exec` defines; the Go distribution brings no types for it. */
interface GoRuntime {
  readonly importObject: WebAssembly.Imports;
  readonly exited: boolean;
  env: Record<string, string>;
  /** Goes on after an event. Whatever the program asked the browser to tell it comes through here. */
  _resume(): void;
  readonly _scheduledTimeouts: Map<number, ReturnType<typeof setTimeout>>;
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
export const CALL_LINK = 7;

/** What the program's imports need, which exist before the Program does. */
interface Hook {
  read: Input | undefined;
  wake: (() => void) | undefined;
}

type Turn = (kind: number, port: number, length: number) => number;

/** The program has ended; what the call would have done is lost. */
export class ProgramEnded extends Error {}

/** The program as it was loaded, and its first run. */
export interface Loaded {
  readonly module: WebAssembly.Module;
  readonly first: Program;
}

/** Loads the program, compiles it while it arrives, and starts its first run. */
export async function load({ url, integrity }: ProgramFile): Promise<Loaded> {
  const module = await WebAssembly.compileStreaming(fetch(url, integrity === "" ? {} : { integrity }));
  return { module, first: await Program.start(module) };
}

export class Program {
  readonly #go: GoRuntime;
  readonly #turn: Turn;
  readonly #memory: Memory;
  readonly input: Input;
  /** What the last call sent. */
  readonly output: Output;

  /** Called, never from within a call, where the program wants one of the kind CALL_LINK. */
  onWake: (() => void) | undefined;
  /** Called where the program ends by itself, outside of a call. */
  onEnd: ((error: Error) => void) | undefined;

  private constructor(go: GoRuntime, instance: WebAssembly.Instance, memory: Memory, hook: Hook) {
    this.#go = go;
    this.#turn = instance.exports["turn"] as Turn;
    this.#memory = memory;
    this.input = new Input(memory, (bytes) => {
      const at = this.#turn(CALL_RESERVE, 0, bytes) >>> 0;
      memory.look();
      return at;
    });
    this.output = new Output(memory, this.input);
    hook.read = this.input;
    hook.wake = () => queueMicrotask(() => this.onWake?.());
    const resume = go._resume.bind(go);
    go._resume = () => {
      try {
        resume();
      } catch (error) {
        this.#end(error);
      }
      if (go.exited) this.#end("it has ended");
    };
  }

  /** Starts the program. It is ready for calls when the promise resolves. */
  static async start(module: WebAssembly.Module): Promise<Program> {
    const go = new Go();
    // The hub's memory is small: collecting half as often as Go would by itself costs a few megabytes.
    go.env = { GOGC: "200" };
    const hook: Hook = { read: undefined, wake: undefined };
    let resuming = false;
    const imports = {
      ...go.importObject,
      crossframe: {
        readBody: (index: number, at: number, size: number) => hook.read?.readBody(index, at >>> 0, size) ?? 0,
        random: (at: number, size: number) => hook.read?.random(at >>> 0, size),
        wake: () => hook.wake?.(),
        resume: () => {
          if (!resuming) queueMicrotask(() => ((resuming = false), go._resume()));
          resuming = true;
        },
      },
    };
    const instance = await WebAssembly.instantiate(module, imports);
    const program = new Program(go, instance, new Memory(instance.exports["mem"] as WebAssembly.Memory), hook);
    // The promise settles when the program ends; whoever calls it next sees that by #go.exited.
    go.run(instance).catch(() => undefined);
    return program;
  }

  /**
   * Calls the program with the collected input. What it sends is in the output, until the next call.
   *
   * @returns when the next tick is due, on the clock of the input; 0 for never
   */
  call(kind: number, port: number): number {
    let at: number;
    try {
      at = this.#turn(kind, port, this.input.length) >>> 0;
    } catch (error) {
      this.dispose();
      throw new ProgramEnded(String(error));
    }
    if (this.#go.exited) {
      this.dispose();
      throw new ProgramEnded("the hub's program has ended");
    }
    this.#memory.look();
    const { words } = this.#memory;
    const result = at / WORD;
    this.output.begin(words[result] ?? 0, words[result + 1] ?? 0);
    return words[result + 2] ?? 0;
  }

  /** Keeps events that the program asked for from reaching it: it has ended, and would only throw at each of them. */
  dispose(): void {
    this.#go._resume = () => undefined;
    for (const timeout of this.#go._scheduledTimeouts.values()) clearTimeout(timeout);
    this.#go._scheduledTimeouts.clear();
    this.onWake = undefined;
    this.onEnd = undefined;
  }

  #end(error: unknown): void {
    const tell = this.onEnd;
    this.dispose();
    tell?.(new ProgramEnded(String(error)));
  }
}
