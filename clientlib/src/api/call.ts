import { OpProgress, type CallInfo, type PeerInfo } from "@crossframe/protocol";
import type { Connection } from "../connection.js";
import { CrossframeError } from "../errors.js";
import { readHead, type Message } from "../messages.js";
import type { Answer, Interop, InvokeAllOptions } from "./discovery.js";
import type { CallOptions, CoreInterop, InvokeOptions } from "./interop.js";

/** A call of one of this app's methods, for its handler. */
export interface CoreCall {
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
}

/** A call, where an app can call many at once. */
export interface Call extends CoreCall {
  /** Like hub.interop.invokeAll, as a part of this call. */
  invokeAll<R = unknown>(method: string, args?: unknown, options?: InvokeAllOptions): Promise<Answer<R>[]>;
}

export type RunningCall = ReturnType<typeof createCall>;

/** A call that runs. Its functions are bound, so that a handler may take them apart: `(args, { progress }) => …`. */
export function createCall(interop: CoreInterop & Partial<Pick<Interop, "invokeAll">>, { inform, peer }: Connection, m: Message, runs: () => boolean) {
  const { id } = m;
  const { trace } = readHead<CallInfo>(m);
  const within = (options?: CallOptions): object => ({ trace, ...options, parent: id });
  let controller: AbortController | undefined;
  let aborted: CrossframeError | undefined;

  const call: CoreCall & { invokeAll: unknown } = {
    caller: peer(m.peer),
    trace,
    progress: (value) => runs() && inform({ op: OpProgress, id, body: value }, runs),
    invoke: (method, args, options) => interop.invoke(method, args, within(options)),
    invokeAll: (method: string, args?: unknown, options?: InvokeAllOptions) => interop.invokeAll?.(method, args, within(options)),

    // Most handlers never look at it, so it is made where one does.
    get signal() {
      controller ??= new AbortController();
      if (aborted) controller.abort(aborted);
      return controller.signal;
    },
  };
  return {
    call,

    abort() {
      aborted = new CrossframeError("CANCELLED", "cancelled by the caller");
      controller?.abort(aborted);
    },
  };
}
