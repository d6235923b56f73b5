import { OpProgress, type CallInfo, type PeerInfo } from "@crossframe/protocol";
import type { Connection } from "../connection.js";
import { readHead, type Message } from "../messages.js";
import { CrossframeError } from "../errors.js";
import type { Answer, Interop, InvokeAllOptions, InvokeOptions } from "./interop.js";

/** A call of one of this app's methods, for its handler. */
export interface Call {
  /** Who calls. The hub vouches for it. */
  readonly caller: PeerInfo;
  /** Aborts when the caller no longer wants the answer, or when the connection is lost. */
  readonly signal: AbortSignal;
  /** The W3C traceparent that the caller gave. */
  readonly trace: string | undefined;
  /** Reports to the caller while the call runs. Reports beyond the app's rate limit are dropped. */
  progress(value: unknown): void;
  /** Like hub.interop.invoke, as a part of this call: the hub sees loops by it, and the trace goes on. */
  invoke<R = unknown>(method: string, args?: unknown, options?: InvokeOptions): Promise<R>;
  /** Like hub.interop.invokeAll, as a part of this call. */
  invokeAll<R = unknown>(method: string, args?: unknown, options?: InvokeAllOptions): Promise<Answer<R>[]>;
}

/** A call that runs. */
export class RunningCall implements Call {
  readonly id: number;
  readonly caller: PeerInfo;
  readonly trace: string | undefined;
  readonly #interop: Interop;
  readonly #connection: Connection;
  readonly #running: ReadonlyMap<number, RunningCall>;
  #controller: AbortController | undefined;
  #aborted: CrossframeError | undefined;

  constructor(interop: Interop, connection: Connection, running: ReadonlyMap<number, RunningCall>, message: Message) {
    this.id = message.id;
    this.caller = connection.peer(message.peer);
    this.trace = readHead<CallInfo>(message).trace;
    this.#interop = interop;
    this.#connection = connection;
    this.#running = running;
  }

  // Most handlers never look at it, so it is made where one does.
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  progress(value: unknown): void {
    if (this.#running.get(this.id) !== this) return;
    this.#connection.send({ op: OpProgress, id: this.id, body: value, live: this.#running }, false);
  }

  invoke<R>(method: string, args?: unknown, options?: InvokeOptions): Promise<R> {
    return this.#interop.invoke<R>(method, args, this.#within(options));
  }

  invokeAll<R>(method: string, args?: unknown, options?: InvokeAllOptions): Promise<Answer<R>[]> {
    return this.#interop.invokeAll<R>(method, args, this.#within(options));
  }

  abort(): void {
    this.#aborted = new CrossframeError("CANCELLED", "cancelled by the caller");
    this.#controller?.abort(this.#aborted);
  }

  #within<O>(options: O | undefined): O & { parent: number; trace: string | undefined } {
    return { trace: this.trace, ...(options as O), parent: this.id };
  }
}
