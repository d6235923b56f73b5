import { OpContextGet, OpContextSubscribe, OpContextUnsubscribe, type ContextChange, type PeerInfo } from "@crossframe/protocol";
import { decodeBody } from "../body.js";
import type { Connection } from "../connection.js";
import { readHead, type Message, type Outgoing } from "../messages.js";
import { report } from "../errors.js";
import type { Standing } from "../standing.js";
import { merged, patched, type Json, type Path } from "./merge.js";

/** What a subscriber learns beside the value. */
export interface Change<T = Json> {
  /** "set" says that the value was replaced, or is told for the first time. */
  readonly kind: "set" | "update" | "patch" | "destroyed";
  /** 0 where there is no such context. */
  readonly revision: number;
  /** Who wrote; absent where the value was read, and where the hub ended a context whose owner is gone. */
  readonly writer?: PeerInfo;
  /** "update": the members that were merged. */
  readonly delta?: Partial<T>;
  /** "update": the members that were removed. */
  readonly removed?: readonly string[];
  /** "patch": the paths that were set, and to what. */
  readonly set?: readonly (readonly [path: Path, value: unknown])[];
  /** "patch": the paths that were removed before. */
  readonly removedPaths?: readonly Path[];
}

/** Takes the value, which is undefined where there is no such context, and what changed. */
export type Listener<T = Json> = (value: T | undefined, change: Change<T>) => void;

/** How long to wait before a re-read that failed is tried again, in milliseconds. */
const readAgainMs = 1_000;

/**
 * This app's copy of a shared context, kept by the changes that the hub sends. All local subscribers share it and
 * get the same object. It is frozen on the outside; what is inside is read-only by agreement, because freezing all
 * of it would cost more than everything else here.
 */
export class Replica implements Standing {
  readonly ask: Outgoing;
  readonly end = OpContextUnsubscribe;
  readonly what: string;
  readonly #connection: Connection;
  readonly #onLost: () => void;
  readonly #listeners = new Set<Listener>();
  #value: Json | undefined;
  #revision = 0;
  /** While the value is read anew, changes are passed over: the answer holds all that came before it. */
  #reading = false;
  /** Counts subscriptions, so that a read for an earlier one cannot disturb a later one. */
  #generation = 0;

  constructor(connection: Connection, name: string, onLost: () => void) {
    this.#connection = connection;
    this.#onLost = onLost;
    this.ask = { op: OpContextSubscribe, name };
    this.what = `contexts.subscribe ${name}`;
  }

  /** Adds a listener and tells it the present value. */
  add(listener: Listener): () => void {
    const entry: Listener = (value, change) => listener(value, change);
    this.#listeners.add(entry);
    this.#tell([entry], { kind: "set", revision: this.#revision });
    return () => void this.#listeners.delete(entry);
  }

  first(m: Message): void {
    this.#generation++;
    this.#reading = false;
    this.#reset(m);
  }

  event(m: Message): void {
    if (this.#reading || m.id <= this.#revision) return;
    const head = readHead<ContextChange>(m);
    const kind = (head.kind || "update") as Change["kind"];
    const whole = kind === "set" || kind === "destroyed";
    if (!whole && m.id !== this.#revision + 1) {
      void this.#read();
      return;
    }
    this.#apply(m, kind, head);
  }

  lost(): void {
    this.#onLost();
  }

  #apply(m: Message, kind: Change["kind"], { removed, set, remove }: ContextChange): void {
    const body = decodeBody(m.body);
    const value = this.#value ?? {};
    const change = { kind, revision: m.id, ...(m.peer && { writer: this.#connection.peer(m.peer) }) };
    switch (kind) {
      case "update":
        this.#become(merged(value, body as Json, removed), { ...change, delta: body as Json, removed: removed ?? [] });
        break;
      case "patch": {
        const values = (body ?? []) as unknown[];
        const pairs = (set ?? []).map((path, i) => [path, values[i]] as const);
        this.#become(patched(value, set, values, remove), { ...change, set: pairs, removedPaths: remove ?? [] });
        break;
      }
      default:
        this.#become(kind === "set" ? (body as Json) : undefined, change);
    }
  }

  #become(value: Json | undefined, change: Change): void {
    this.#value = value && Object.freeze(value);
    this.#revision = change.revision;
    this.#tell(this.#listeners, change);
  }

  /** Takes a value that was read. Listeners hear of it where it differs from what they have. */
  #reset(m: Message): void {
    const value = decodeBody(m.body) as Json | undefined;
    const same = JSON.stringify(value) === JSON.stringify(this.#value);
    if (same) this.#revision = m.ref;
    else this.#become(value, { kind: "set", revision: m.ref });
  }

  async #read(): Promise<void> {
    const generation = this.#generation;
    this.#reading = true;
    try {
      await this.#connection.request({ op: OpContextGet, name: this.ask.name as string }, (m) => {
        if (generation !== this.#generation) return;
        this.#reading = false;
        this.#reset(m);
      });
    } catch {
      setTimeout(() => {
        if (generation === this.#generation && this.#connection.attached && this.#listeners.size > 0) void this.#read();
      }, readAgainMs);
    }
  }

  #tell(listeners: Iterable<Listener>, change: Change): void {
    for (const listener of listeners) {
      try {
        listener(this.#value, change);
      } catch (error) {
        report(error);
      }
    }
  }
}
