import {
  DefaultTimeoutMs,
  OpCall,
  OpCancel,
  OpError,
  OpInvoke,
  OpPart,
  OpRegister,
  OpResult,
  OpUnregister,
  type PeerInfo,
} from "@crossframe/protocol";
import { decodeBody } from "../body.js";
import type { Connection } from "../connection.js";
import { wholeMs, type Message, type Outgoing } from "../messages.js";
import { CrossframeError, toFault } from "../errors.js";
import type { StandingRequests } from "../standing.js";
import { createCall, type Call, type CoreCall, type RunningCall } from "./call.js";
import type { Scope } from "./contexts.js";

/** A method that an app offers. */
export interface MethodDeclaration {
  readonly name: string;
  /** What it takes: a signature such as "String customerId, Number? limit", or a JSON Schema. The hub checks it. */
  readonly accepts?: string | object | undefined;
  /** What it gives, in the same form. */
  readonly returns?: string | object | undefined;
  readonly displayName?: string | undefined;
  readonly description?: string | undefined;
  /** Among whom it is offered: "local" (the apps of this page), "user", "group:NAME", "tenant" or "everyone". If absent, the configuration says. */
  readonly scope?: Scope | undefined;
  /** No other app that it is offered to may offer a method of this name. */
  readonly exclusive?: boolean | undefined;
  /** Labels to search by, at most 16. */
  readonly tags?: readonly string[] | undefined;
}

/** Answers calls. What it throws reaches the caller as HANDLER_ERROR with the message, or as its own code. */
export type Handler<A = unknown, R = unknown, C = Call> = (args: A, call: C) => R | Promise<R>;

type CoreHandler = Handler<unknown, unknown, CoreCall>;

/** The instance or peer that is to answer: a PeerInfo will do. */
export type Target = { readonly peer: number } | { readonly instance: string };

export interface CallOptions {
  /** How long the answer may take, in milliseconds, 100 to 600 000; 30 000 by default. */
  readonly timeout?: number | undefined;
  /** How long to wait for an app to offer the method, in milliseconds; by default not at all. */
  readonly wait?: number | undefined;
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined;
  /** Takes the reports of the handler. */
  readonly onProgress?: ((value: unknown, from: PeerInfo) => void) | undefined;
  /** A W3C traceparent to hand on. */
  readonly trace?: string | undefined;
}

export interface InvokeOptions extends CallOptions {
  /** Who is to answer; by default the app that has offered the method for the longest time. */
  readonly target?: "best" | Target | undefined;
}

/** Methods: offering them, and calling them. */
export interface CoreInterop {
  /**
   * Offers a method. Resolves, when the hub has taken it, with the function that takes it back. After a
   * reconnect the method is offered again by itself.
   */
  register<A = unknown, R = unknown>(method: string | MethodDeclaration, handler: Handler<A, R, CoreCall>): Promise<() => Promise<void>>;
  /** Calls a method and resolves with its result. */
  invoke<R = unknown>(method: string, args?: unknown, options?: InvokeOptions): Promise<R>;
}

/** Makes what calls with options. part takes what each app of several answers. */
export function createCaller({ request, peer }: Connection) {
  return <T>(out: Outgoing, options: CallOptions & { parent?: number }, read: (m: Message) => T, part?: (m: Message) => void) => {
    const { timeout, wait = 0, trace, parent, signal, onProgress } = options;
    const head = { ...out.head, timeoutMs: wholeMs(timeout), waitMs: wholeMs(wait), trace, parent };
    return request({ ...out, head }, read, {
      timeout: (timeout ?? DefaultTimeoutMs) + wait,
      signal,
      cancels: true,
      more: (m) => (m.op === OpPart ? part?.(m) : onProgress?.(decodeBody(m.body), peer(m.peer))),
    });
  };
}

export function createCoreInterop(connection: Connection, { route, start }: StandingRequests): CoreInterop {
  const { request, send } = connection;
  const call = createCaller(connection);
  const running = new Map<number, RunningCall>();

  const fail = (id: number, error: unknown) => send({ op: OpError, id, head: toFault(error) });

  /** Forgets a call: nobody waits for its answer. */
  const drop = (id: number) => {
    running.get(id)?.abort();
    running.delete(id);
  };

  const answer = async (m: Message, handler: CoreHandler) => {
    const { id } = m;
    const runs = () => running.get(id) === own;
    const own: RunningCall = createCall(interop, connection, m, runs);
    running.set(id, own);
    try {
      const result = await handler(decodeBody(m.body) as never, own.call);
      if (runs()) send({ op: OpResult, id, body: result });
    } catch (error) {
      if (runs()) fail(id, error);
    }
    if (runs()) running.delete(id);
  };

  const interop: CoreInterop = {
    register(method, handler) {
      const { name, ...head } = typeof method === "string" ? { name: method } : method;
      return start({
        ask: { op: OpRegister, name, head },
        end: OpUnregister,
        what: `interop.register ${name}`,
        event: (m) => answer(m, handler as CoreHandler),
      });
    },

    invoke<R>(name: string, args?: unknown, options?: InvokeOptions) {
      const read = (m: Message) => decodeBody(m.body) as R;
      const out = { op: OpInvoke, name, body: args };
      if (!options) return request(out, read);
      const { peer = 0, instance } = (typeof options.target === "object" ? options.target : {}) as Partial<PeerInfo>;
      return call({ ...out, peer, head: peer ? {} : { instance } }, options, read);
    },
  };

  connection.onLost(() => [...running.keys()].forEach(drop));
  connection.on(OpCancel, (m) => drop(m.id));
  route(OpCall, (m) => fail(m.id, new CrossframeError("METHOD_NOT_FOUND", "no longer offered")));
  return interop;
}
