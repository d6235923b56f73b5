import {
  OpContextDestroy,
  OpContextEvent,
  OpContextGet,
  OpContextList,
  OpContextSet,
  OpContextSubscribe,
  OpContextUnsubscribe,
  OpContextUpdate,
  type ContextInfo,
  type ContextList,
  type WriteResult,
} from "@crossframe/protocol";
import { decodeBody } from "../body.js";
import type { Connection } from "../connection.js";
import { tell } from "../errors.js";
import { readHead } from "../messages.js";
import type { StandingRequests } from "../standing.js";
import type { Json } from "./merge.js";
import { createReplica, type ApplyPatch, type Listener, type Replica } from "./replica.js";

/** A shared context as it was when it was read. */
export interface Snapshot<T> {
  /** undefined where there is no such context. */
  readonly value: T | undefined;
  /** 0 where there is no such context. */
  readonly revision: number;
  readonly info: ContextInfo;
}

/**
 * Among whom a context is shared: the apps of this page; all that the user has open; the users of a group; of a
 * tenant; or everyone. All but "local" need a broker.
 */
export type Scope = "local" | "user" | "tenant" | "everyone" | `group:${string}`;

export interface ScopeOptions {
  /** If absent, what the app's definition, or else the platform, says of the name; if they say nothing, "local". */
  readonly scope?: Scope | undefined;
}

export interface PendingOptions extends ScopeOptions {
  /**
   * Called before the write resolves, where the broker cannot be reached: the apps of this page see the write, and the
   * broker gets it when it can. settled then resolves with the revision, or rejects where the write did not come to be:
   * with the broker's code, or with DISCONNECTED where this app was not there any more to hear.
   */
  readonly onPending?: ((settled: Promise<number>) => void) | undefined;
}

export interface WriteOptions extends PendingOptions {
  /**
   * Writes only where this is still the context's revision, and rejects with REVISION_CONFLICT otherwise. 0 means:
   * only where there is no such context. If absent, writes whatever the revision is.
   */
  readonly ifRevision?: number | undefined;
  /**
   * Where the write creates the context: "session" lets it live until it is destroyed or the main page ends, and is the
   * default of what is local; "owner" until this instance of the app is gone. Beyond the page, "durable" is the default:
   * until it is destroyed, and on disk; the others end when the brokers do.
   */
  readonly lifetime?: "session" | "owner" | "durable" | undefined;
}

export interface UpdateOptions extends WriteOptions {
  /** Members to remove. */
  readonly remove?: readonly string[] | undefined;
}

/** Shared contexts: named JSON objects that apps read, write and follow together. Writes resolve with the revision. */
export interface CoreContexts {
  /** Reads the value; undefined where there is no such context. */
  get<T extends object = Json>(name: string, options?: ScopeOptions): Promise<T | undefined>;
  /** Reads the value with its revision. */
  read<T extends object = Json>(name: string, options?: ScopeOptions): Promise<Snapshot<T>>;
  /** Replaces the value, or creates the context. */
  set(name: string, value: object, options?: WriteOptions): Promise<number>;
  /** Merges members into the value, not deeper than the first level, or creates the context. */
  update(name: string, delta: object, options?: UpdateOptions): Promise<number>;
  /**
   * Follows a context, which need not exist yet. The listener is told the present value first and each change from
   * then on. Resolves with the function that ends it. Values are read-only: all listeners get the same object.
   */
  subscribe<T extends object = Json>(name: string, listener: Listener<T>, options?: ScopeOptions): Promise<() => void>;
  /** Removes a context. */
  destroy(name: string, options?: PendingOptions): Promise<void>;
  /** Lists the contexts that this app may read: those of a scope, or without one those of all that this page knows. */
  list(options?: ScopeOptions): Promise<readonly ContextInfo[]>;
}

/** A replica and how many subscribers it has, those among them who still wait for its first value. */
interface Shared {
  readonly replica: Replica;
  readonly started: Promise<() => Promise<void>>;
  users: number;
}

/** Makes what writes a context and resolves with its revision. */
export function createWriter({ request, later }: Connection) {
  return (op: number, name: string, body: unknown, options?: WriteOptions) => {
    // On the wire, 0 stands for an absent revision, and -1 for "where there is none".
    const head = options?.ifRevision === 0 ? { ...options, ifRevision: -1 } : options;
    return request({ op, name, head, body }, (m) => {
      if (options?.onPending && readHead<WriteResult>(m).pending) tell([options.onPending], later(m.id, (settled) => settled.ref));
      return m.ref;
    });
  };
}

/** @param patches applies what others patched; without it, a context that was patched is read anew. */
export function createCoreContexts(connection: Connection, { route, start }: StandingRequests, patches?: ApplyPatch): CoreContexts {
  const { request, peer } = connection;
  const write = createWriter(connection);
  const all = new Map<string, Shared>();
  route(OpContextEvent);

  const read = <T>(name: string, head?: ScopeOptions) =>
    request(
      { op: OpContextGet, name, head },
      (m): Snapshot<T> => ({ value: decodeBody(m.body) as T | undefined, revision: m.ref, info: readHead<ContextInfo>(m) }),
    );

  const share = (name: string, head: ScopeOptions | undefined, key: string) => {
    const replica = createReplica(peer, patches);
    const forget = () => all.get(key) === shared && all.delete(key);
    const started = start({
      ...replica,
      ask: { op: OpContextSubscribe, name, head },
      end: OpContextUnsubscribe,
      what: `contexts.subscribe ${name}`,
      lost: forget,
    });
    started.catch(forget);
    const shared: Shared = { replica, started, users: 0 };
    all.set(key, shared);
    return shared;
  };

  return {
    get: async <T>(name: string, options?: ScopeOptions) => (await read<T>(name, options)).value,
    read,
    set: (name, value, options) => write(OpContextSet, name, value, options),
    update: (name, delta, options) => write(OpContextUpdate, name, delta, options),

    async subscribe<T>(name: string, listener: Listener<T>, options?: ScopeOptions) {
      const key = `${options?.scope ?? ""} ${name}`;
      const shared = all.get(key) ?? share(name, options, key);
      const { replica, started } = shared;
      shared.users++;
      const end = await started;
      const remove = replica.add(listener as unknown as Listener);
      return () => {
        if (!remove() || --shared.users > 0) return;
        if (all.get(key) === shared) all.delete(key);
        void end();
      };
    },

    destroy: async (name, options) => void (await write(OpContextDestroy, name, undefined, options)),
    list: (head) => request({ op: OpContextList, head }, (m) => readHead<ContextList>(m).contexts ?? []),
  };
}
