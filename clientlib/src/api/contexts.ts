import {
  OpContextDestroy,
  OpContextEvent,
  OpContextGet,
  OpContextList,
  OpContextPatch,
  OpContextSet,
  OpContextUpdate,
  type ContextInfo,
  type ContextList,
} from "@crossframe/protocol";
import { decodeBody } from "../body.js";
import type { Connection } from "../connection.js";
import { readHead } from "../messages.js";
import type { StandingRequests } from "../standing.js";
import type { Json, Path } from "./merge.js";
import { Replica, type Listener } from "./replica.js";

/** A shared context as it was when it was read. */
export interface Snapshot<T> {
  /** undefined where there is no such context. */
  readonly value: T | undefined;
  /** 0 where there is no such context. */
  readonly revision: number;
  readonly info: ContextInfo;
}

export interface WriteOptions {
  /**
   * Writes only where this is still the context's revision, and rejects with REVISION_CONFLICT otherwise. 0 means:
   * only where there is no such context. If absent, writes whatever the revision is.
   */
  readonly ifRevision?: number | undefined;
  /**
   * Where the write creates the context: "session", the default, lets it live until it is destroyed or the main page
   * ends; "owner" until this instance of the app is gone.
   */
  readonly lifetime?: "session" | "owner" | undefined;
}

export interface UpdateOptions extends WriteOptions {
  /** Members to remove. */
  readonly remove?: readonly string[] | undefined;
}

/** What contexts.patch does: the removals first, then the settings in order. */
export interface Patch {
  readonly set?: readonly (readonly [path: Path, value: unknown])[] | undefined;
  readonly remove?: readonly Path[] | undefined;
}

interface Shared {
  readonly replica: Replica;
  readonly started: Promise<() => Promise<void>>;
  users: number;
}

/** Shared contexts: named JSON objects that apps read, write and follow together. Writes resolve with the revision. */
export class Contexts {
  readonly #connection: Connection;
  readonly #standing: StandingRequests;
  readonly #shared = new Map<string, Shared>();

  /** @internal */
  constructor(connection: Connection, standing: StandingRequests) {
    this.#connection = connection;
    this.#standing = standing;
    standing.route(OpContextEvent);
  }

  /** Reads the value; undefined where there is no such context. */
  async get<T extends object = Json>(name: string): Promise<T | undefined> {
    return (await this.read<T>(name)).value;
  }

  /** Reads the value with its revision. */
  read<T extends object = Json>(name: string): Promise<Snapshot<T>> {
    return this.#connection.request({ op: OpContextGet, name }, (m) => ({
      value: decodeBody(m.body) as T | undefined,
      revision: m.ref,
      info: readHead<ContextInfo>(m),
    }));
  }

  /** Replaces the value, or creates the context. */
  set(name: string, value: object, options?: WriteOptions): Promise<number> {
    return this.#write(OpContextSet, name, value, options);
  }

  /** Merges members into the value, not deeper than the first level, or creates the context. */
  update(name: string, delta: object, options?: UpdateOptions): Promise<number> {
    return this.#write(OpContextUpdate, name, delta, options);
  }

  /** Sets and removes paths of the value. Objects that are missing on the way are created. */
  patch(name: string, { set = [], remove }: Patch, options?: WriteOptions): Promise<number> {
    const values = set.map(([, value]) => value);
    return this.#write(OpContextPatch, name, values, { ...options, set: set.map(([path]) => path), remove });
  }

  /** Sets one path. */
  setPath(name: string, path: Path, value: unknown, options?: WriteOptions): Promise<number> {
    return this.patch(name, { set: [[path, value]] }, options);
  }

  /** Removes one path. */
  removePath(name: string, path: Path, options?: WriteOptions): Promise<number> {
    return this.patch(name, { remove: [path] }, options);
  }

  /**
   * Follows a context, which need not exist yet. The listener is told the present value first and each change from
   * then on. Resolves with the function that ends it. Values are read-only: all listeners get the same object.
   */
  async subscribe<T extends object = Json>(name: string, listener: Listener<T>): Promise<() => void> {
    const shared = this.#shared.get(name) ?? this.#share(name);
    shared.users++;
    await shared.started;
    const remove = shared.replica.add(listener as unknown as Listener);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      remove();
      if (--shared.users === 0) this.#release(name, shared);
    };
  }

  /** Removes a context. */
  destroy(name: string): Promise<void> {
    return this.#connection.request({ op: OpContextDestroy, name }, () => {});
  }

  /** Lists the contexts that this app may read. */
  list(): Promise<readonly ContextInfo[]> {
    return this.#connection.request({ op: OpContextList }, (m) => readHead<ContextList>(m).contexts ?? []);
  }

  #write<O extends WriteOptions>(op: number, name: string, body: unknown, options?: O): Promise<number> {
    // On the wire, 0 stands for an absent revision, and -1 for "where there is none".
    const head = options?.ifRevision === 0 ? { ...options, ifRevision: -1 } : options;
    return this.#connection.request({ op, name, head, body }, (m) => m.ref);
  }

  #share(name: string): Shared {
    const forget = () => void (this.#shared.get(name) === shared && this.#shared.delete(name));
    const replica = new Replica(this.#connection, name, forget);
    const shared: Shared = { replica, started: this.#standing.start(replica), users: 0 };
    shared.started.catch(forget);
    this.#shared.set(name, shared);
    return shared;
  }

  #release(name: string, shared: Shared): void {
    if (this.#shared.get(name) === shared) this.#shared.delete(name);
    void shared.started.then((end) => end());
  }
}
