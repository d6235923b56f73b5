import {
  OpAwait,
  OpDiscover,
  OpInvoke,
  OpMethods,
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
import { fromFault, type CrossframeError } from "../errors.js";
import { readHead, wholeMs, type Message } from "../messages.js";
import type { StandingRequests } from "../standing.js";
import { createCaller, createCoreInterop, type CallOptions, type CoreInterop, type Handler, type MethodDeclaration } from "./interop.js";
import { createRoster } from "./roster.js";

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
export interface Interop extends CoreInterop {
  register<A = unknown, R = unknown>(method: string | MethodDeclaration, handler: Handler<A, R>): Promise<() => Promise<void>>;
  /** Calls a method of every app that offers it, and resolves with each one's result or error. */
  invokeAll<R = unknown>(method: string, args?: unknown, options?: InvokeAllOptions): Promise<Answer<R>[]>;
  /** Lists the methods that this app may call; a string asks for one name. */
  methods(query?: string | Partial<MethodQuery>): Promise<readonly MethodInfo[]>;
  /** Tells the methods that are there now, as added, and from then on what comes and goes. */
  watch(query: string | Partial<MethodQuery> | undefined, listener: (change: MethodsChange) => void): Promise<() => Promise<void>>;
  /** Resolves with the app that offers the method, as soon as one does. */
  waitFor(method: string, options?: { timeout?: number; signal?: AbortSignal }): Promise<PeerInfo>;
}

/** Methods, with what an app may do without: calling many at once, and finding out who offers what. */
export function createInterop(connection: Connection, standing: StandingRequests): Interop {
  const { request, peer } = connection;
  const { route, start } = standing;
  const call = createCaller(connection);
  const methodsOf = (m: Message) => readHead<MethodList>(m).methods ?? [];

  const found: Omit<Interop, keyof CoreInterop> = {
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
  route(OpMethods);
  return Object.assign(createCoreInterop(connection, standing) as Interop, found);
}

function queryHead(query: string | Partial<MethodQuery> | undefined) {
  return typeof query === "string" ? { name: query } : query;
}
