import {
  DefaultTimeoutMs,
  OpAwait,
  OpCall,
  OpCancel,
  OpDiscover,
  OpError,
  OpInvoke,
  OpMethods,
  OpPart,
  OpRegister,
  OpResult,
  OpUnregister,
  OpUnwatch,
  OpWatch,
  type Fault,
  type MethodChange,
  type MethodInfo,
  type MethodList,
  type MethodQuery,
  type PeerInfo,
} from "@crossframe/protocol";
import { decodeBody } from "../body.js";
import type { Connection } from "../connection.js";
import { readHead, wholeMs, type Message, type Outgoing } from "../messages.js";
import { CrossframeError, fromFault, toFault } from "../errors.js";
import type { StandingRequests } from "../standing.js";
import { createCall, type Call, type RunningCall } from "./call.js";
import { createRoster } from "./roster.js";

/** A method that an app offers. */
export interface MethodDeclaration {
  readonly name: string;
  /** What it takes: a signature such as "String customerId, Number? limit", or a JSON Schema. The hub checks it. */
  readonly accepts?: string | object | undefined;
  /** What it gives, in the same form. */
  readonly returns?: string | object | undefined;
  readonly displayName?: string | undefined;
  readonly description?: string | undefined;
  /** No other app may offer a method of this name. */
  readonly exclusive?: boolean | undefined;
  /** Labels to search by, at most 16. */
  readonly tags?: readonly string[] | undefined;
}

/** Answers calls. What it throws reaches the caller as HANDLER_ERROR with the message, or as its own code. */
export type Handler<A = unknown, R = unknown> = (args: A, call: Call) => R | Promise<R>;

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

export interface InvokeAllOptions extends CallOptions {
  /** "others" leaves this app out; "all" is the default. */
  readonly target?: "all" | "others" | undefined;
}

/** One app's answer to invokeAll. */
export type Answer<R> =
  | { readonly peer: PeerInfo; readonly value: R; readonly error?: undefined }
  | { readonly peer: PeerInfo; readonly value?: undefined; readonly error: CrossframeError };

/** What a watch of methods tells. Either list may be empty. */
export interface MethodsChange {
  readonly added: readonly MethodInfo[];
  readonly removed: readonly MethodInfo[];
}

/** Methods: offering them, calling them, finding them. */
export interface Interop {
  /**
   * Offers a method. Resolves, when the hub has taken it, with the function that takes it back. After a
   * reconnect the method is offered again by itself.
   */
  register<A = unknown, R = unknown>(method: string | MethodDeclaration, handler: Handler<A, R>): Promise<() => Promise<void>>;
  /** Calls a method and resolves with its result. */
  invoke<R = unknown>(method: string, args?: unknown, options?: InvokeOptions): Promise<R>;
  /** Calls a method of every app that offers it, and resolves with each one's result or error. */
  invokeAll<R = unknown>(method: string, args?: unknown, options?: InvokeAllOptions): Promise<Answer<R>[]>;
  /** Lists the methods that this app may call; a string asks for one name. */
  methods(query?: string | Partial<MethodQuery>): Promise<readonly MethodInfo[]>;
  /** Tells the methods that are there now, as added, and from then on what comes and goes. */
  watch(query: string | Partial<MethodQuery> | undefined, listener: (change: MethodsChange) => void): Promise<() => Promise<void>>;
  /** Resolves with the app that offers the method, as soon as one does. */
  waitFor(method: string, options?: { timeout?: number; signal?: AbortSignal }): Promise<PeerInfo>;
}

export function createInterop(connection: Connection, { route, start }: StandingRequests): Interop {
  const { request, send, peer } = connection;
  const running = new Map<number, RunningCall>();

  const fail = (id: number, error: unknown) => send({ op: OpError, id, head: toFault(error) });

  /** Forgets a call: nobody waits for its answer. */
  const drop = (id: number) => {
    running.get(id)?.abort();
    running.delete(id);
  };

  const answer = async (m: Message, handler: Handler) => {
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

  /** Calls with options. part takes what each app of several answers. */
  const call = <T>(out: Outgoing, options: CallOptions & { parent?: number }, read: (m: Message) => T, part?: (m: Message) => void) => {
    const { timeout, wait = 0, trace, parent, signal, onProgress } = options;
    const head = { ...out.head, timeoutMs: wholeMs(timeout), waitMs: wholeMs(wait), trace, parent };
    return request({ ...out, head }, read, {
      timeout: (timeout ?? DefaultTimeoutMs) + wait,
      signal,
      cancels: true,
      more: (m) => (m.op === OpPart ? part?.(m) : onProgress?.(decodeBody(m.body), peer(m.peer))),
    });
  };

  const methodsOf = (m: Message) => readHead<MethodList>(m).methods ?? [];

  const interop: Interop = {
    register(method, handler) {
      const { name, ...head } = typeof method === "string" ? { name: method } : method;
      return start({
        ask: { op: OpRegister, name, head },
        end: OpUnregister,
        what: `interop.register ${name}`,
        event: (m) => answer(m, handler as Handler),
      });
    },

    invoke<R>(name: string, args?: unknown, options?: InvokeOptions) {
      const read = (m: Message) => decodeBody(m.body) as R;
      const out = { op: OpInvoke, name, body: args };
      if (!options) return request(out, read);
      const { peer = 0, instance } = (typeof options.target === "object" ? options.target : {}) as Partial<PeerInfo>;
      return call({ ...out, peer, head: peer ? {} : { instance } }, options, read);
    },

    invokeAll<R>(name: string, args?: unknown, options: InvokeAllOptions = {}) {
      const answers: Answer<R>[] = [];
      const out = { op: OpInvoke, name, head: { target: options.target ?? "all" }, body: args };
      return call(out, options, () => answers, (m) => {
        const from = { peer: peer(m.peer) };
        answers.push(m.head ? { ...from, error: fromFault(readHead<Fault>(m)) } : { ...from, value: decodeBody(m.body) as R });
      });
    },

    methods: (query) => request({ op: OpDiscover, head: queryHead(query) }, methodsOf),

    watch(query, listener) {
      const known = createRoster<MethodInfo>((method) => `${method.peer.peer} ${method.name}`);
      const told = (added: readonly MethodInfo[] = [], removed: readonly MethodInfo[] = []) => {
        known.note(added, removed);
        if (added.length + removed.length > 0) listener({ added, removed });
      };
      return start({
        ask: { op: OpWatch, head: queryHead(query) },
        end: OpUnwatch,
        what: "interop.watch",
        first: (m) => told(...known.difference(methodsOf(m))),
        event(m) {
          const { added, removed } = readHead<MethodChange>(m);
          told(added, removed);
        },
      });
    },

    waitFor(name, { timeout, signal } = {}) {
      const out = { op: OpAwait, name, head: { timeoutMs: wholeMs(timeout) } };
      return request(out, (m) => peer(m.peer), { timeout, signal, cancels: true });
    },
  };

  connection.onLost(() => [...running.keys()].forEach(drop));
  connection.on(OpCancel, (m) => drop(m.id));
  route(OpMethods);
  route(OpCall, (m) => fail(m.id, new CrossframeError("METHOD_NOT_FOUND", "no longer offered")));
  return interop;
}

function queryHead(query: string | Partial<MethodQuery> | undefined) {
  return typeof query === "string" ? { name: query } : query;
}
