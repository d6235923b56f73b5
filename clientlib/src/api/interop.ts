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
  OpProgress,
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
import { RunningCall, type Call } from "./call.js";
import { Roster } from "./roster.js";

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

interface CallOptions {
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

/** Methods: offering them, calling them, finding them. */
export class Interop {
  readonly #connection: Connection;
  readonly #standing: StandingRequests;
  readonly #running = new Map<number, RunningCall>();

  /** @internal */
  constructor(connection: Connection, standing: StandingRequests) {
    this.#connection = connection;
    this.#standing = standing;
    connection.rooms.push({ lost: () => [...this.#running.keys()].forEach((id) => this.#drop(id)) });
    connection.on(OpCancel, (m) => this.#drop(m.id));
    standing.route(OpMethods);
    standing.route(OpCall, (m) => {
      this.#fail(m.id, new CrossframeError("METHOD_NOT_FOUND", "no longer offered"));
    });
  }

  /** How many calls of this app's methods run. @internal */
  get running(): number {
    return this.#running.size;
  }

  /**
   * Offers a method. Resolves, when the hub has taken it, with the function that takes it back. After a
   * reconnect the method is offered again by itself.
   */
  register<A = unknown, R = unknown>(method: string | MethodDeclaration, handler: Handler<A, R>): Promise<() => Promise<void>> {
    const { name, ...head } = typeof method === "string" ? { name: method } : method;
    return this.#standing.start({
      ask: { op: OpRegister, name, head },
      end: OpUnregister,
      what: `interop.register ${name}`,
      first: () => {},
      event: (m) => this.#call(m, handler as Handler),
    });
  }

  /** Calls a method and resolves with its result. */
  invoke<R = unknown>(method: string, args?: unknown, options?: InvokeOptions): Promise<R> {
    if (!options) {
      return this.#connection.request({ op: OpInvoke, name: method, body: args }, (m) => decodeBody(m.body) as R);
    }
    const { target } = options;
    const peer = typeof target === "object" && "peer" in target ? target.peer : 0;
    const instance = typeof target === "object" && "instance" in target && !peer ? target.instance : undefined;
    return this.#connection.request(
      { op: OpInvoke, name: method, peer, head: invokeHead(options, { instance }), body: args },
      (m) => decodeBody(m.body) as R,
      { ...waiting(options), more: (m) => this.#progress(m, options) },
    );
  }

  /** Calls a method of every app that offers it, and resolves with each one's result or error. */
  invokeAll<R = unknown>(method: string, args?: unknown, options: InvokeAllOptions = {}): Promise<Answer<R>[]> {
    const answers: Answer<R>[] = [];
    const target = options.target ?? "all";
    return this.#connection.request(
      { op: OpInvoke, name: method, head: invokeHead(options, { target }), body: args },
      () => answers,
      {
        ...waiting(options),
        more: (m) => {
          if (m.op === OpPart) answers.push(this.#answer<R>(m));
          else this.#progress(m, options);
        },
      },
    );
  }

  /** Lists the methods that this app may call; a string asks for one name. */
  methods(query?: string | Partial<MethodQuery>): Promise<readonly MethodInfo[]> {
    const out: Outgoing = { op: OpDiscover, head: typeof query === "string" ? { name: query } : query };
    return this.#connection.request(out, (m) => readHead<MethodList>(m).methods ?? []);
  }

  /** Tells the methods that are there now, as added, and from then on what comes and goes. */
  watch(
    query: string | Partial<MethodQuery> | undefined,
    listener: (change: { readonly added: readonly MethodInfo[]; readonly removed: readonly MethodInfo[] }) => void,
  ): Promise<() => Promise<void>> {
    const known = new Roster<MethodInfo>((method) => `${method.peer.peer} ${method.name}`);
    const tell = (added: readonly MethodInfo[] = [], removed: readonly MethodInfo[] = []) => {
      known.note(added, removed);
      if (added.length + removed.length > 0) listener({ added, removed });
    };
    return this.#standing.start({
      ask: { op: OpWatch, head: typeof query === "string" ? { name: query } : query },
      end: OpUnwatch,
      what: "interop.watch",
      first: (m) => tell(...known.difference(readHead<MethodList>(m).methods ?? [])),
      event: (m) => {
        const { added, removed } = readHead<MethodChange>(m);
        tell(added, removed);
      },
    });
  }

  /** Resolves with the app that offers the method, as soon as one does. */
  waitFor(method: string, options: { timeout?: number; signal?: AbortSignal } = {}): Promise<PeerInfo> {
    return this.#connection.request(
      { op: OpAwait, name: method, head: { timeoutMs: wholeMs(options.timeout) } },
      (m) => this.#connection.peer(m.peer),
      { ...waiting(options), cancels: true },
    );
  }

  async #call(m: Message, handler: Handler): Promise<void> {
    const call = new RunningCall(this, this.#connection, this.#running, m);
    this.#running.set(m.id, call);
    try {
      const result = await handler(decodeBody(m.body) as never, call);
      if (this.#running.get(m.id) === call) this.#connection.send({ op: OpResult, id: m.id, body: result }, true);
    } catch (error) {
      if (this.#running.get(m.id) === call) this.#fail(m.id, error);
    }
    if (this.#running.get(m.id) === call) this.#running.delete(m.id);
  }

  #fail(id: number, error: unknown): void {
    this.#connection.send({ op: OpError, id, head: toFault(error) }, true);
  }

  /** Forgets a call: nobody waits for its answer. */
  #drop(id: number): void {
    const call = this.#running.get(id);
    this.#running.delete(id);
    call?.abort();
  }

  #progress(m: Message, { onProgress }: CallOptions): void {
    if (m.op === OpProgress) onProgress?.(decodeBody(m.body), this.#connection.peer(m.peer));
  }

  #answer<R>(m: Message): Answer<R> {
    const peer = this.#connection.peer(m.peer);
    return m.head ? { peer, error: fromFault(readHead<Fault>(m)) } : { peer, value: decodeBody(m.body) as R };
  }
}

function invokeHead(options: CallOptions & { parent?: number }, target: object): object {
  const { timeout, wait, trace, parent } = options;
  return { ...target, timeoutMs: wholeMs(timeout), waitMs: wholeMs(wait), trace, parent };
}

function waiting({ timeout = DefaultTimeoutMs, wait = 0, signal }: CallOptions) {
  return { timeout: timeout + wait, signal, cancels: true };
}
