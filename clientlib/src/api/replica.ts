import type { ContextChange, ContextInfo, PeerInfo } from "@crossframe/protocol";
import { decodeBody } from "../body.js";
import { tell } from "../errors.js";
import { readHead, type Message } from "../messages.js";
import { merged, type Json, type Path } from "./merge.js";

/** What a subscriber learns beside the value. */
export interface Change<T = Json> {
  /** "set" says that the value was replaced, or is told for the first time. */
  readonly kind: "set" | "update" | "patch" | "destroyed";
  /** 0 where there is no such context. It stays what it is while writes are pending. */
  readonly revision: number;
  /** The value has writes that the broker does not have yet. */
  readonly pending?: boolean;
  /**
   * What is missing before this change: "skipped" says that changes were not told one by one; "lost", that the broker's
   * store is another one, so that revisions begin anew and what was acknowledged before may be gone.
   */
  readonly gap?: "skipped" | "lost";
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

/** Applies a patch: makes the new value, and says what there is to tell of the change. */
export type ApplyPatch = (value: Json, head: Partial<ContextChange>, values: readonly unknown[]) => readonly [Json, Partial<Change>];

export type Replica = ReturnType<typeof createReplica>;

/**
 * This app's copy of a shared context, kept by the changes that the hub sends. All local subscribers share it and
 * get the same object. It is frozen on the outside; what is inside is read-only by agreement, because freezing all
 * of it would cost more than everything else here.
 */
export function createReplica(peer: (id: number) => PeerInfo, patched?: ApplyPatch) {
  const listeners = new Set<Listener>();
  let value: Json | undefined;
  let revision = 0;
  let pending: Pick<Change, "pending"> = {};

  const become = (next: Json | undefined, change: Change) => {
    value = next && Object.freeze(next);
    revision = change.revision;
    pending = change.pending ? { pending: true } : {};
    tell(listeners, value, change);
  };

  return {
    /** Adds a listener and tells it the present value. The function returned removes it; false: it did already. */
    add(listener: Listener): () => boolean {
      const entry: Listener = (...told) => listener(...told);
      listeners.add(entry);
      tell([entry], value, { kind: "set", revision, ...pending });
      return () => listeners.delete(entry);
    },

    /** Takes a value that was read. Listeners hear of it where it differs from what they have. */
    first(m: Message) {
      const read = decodeBody(m.body) as Json | undefined;
      const unsettled = readHead<ContextInfo>(m).pending;
      if (JSON.stringify(read) === JSON.stringify(value) && !unsettled === !pending.pending) revision = m.ref;
      else become(read, { kind: "set", revision: m.ref, ...(unsettled && { pending: true }) });
    },

    /** Takes a change. Returns false where changes before it are missing: then the value must be read anew. */
    event(m: Message): boolean {
      const head = readHead<ContextChange>(m);
      const { kind = "update", removed = [], pending, gap } = head;
      // What is pending has no revision of its own. With a gap, the hub says itself that something is missing.
      if (gap ? m.id < revision && gap !== "lost" : m.id <= revision && !pending) return true;
      const body = decodeBody(m.body);
      const change = {
        kind: kind as Change["kind"],
        revision: m.id,
        ...(m.peer && { writer: peer(m.peer) }),
        ...(pending && { pending }),
        ...(gap && { gap: gap as "skipped" | "lost" }),
      };
      if (kind === "set" || kind === "destroyed") {
        become(body as Json | undefined, change);
        return true;
      }
      if (m.id !== revision + 1 && !pending && !gap) return false;
      if (kind === "patch") {
        if (!patched) return false;
        const [next, told] = patched(value ?? {}, head, (body ?? []) as unknown[]);
        become(next, { ...change, ...told });
      } else {
        become(merged(value ?? {}, body as Json, removed), { ...change, delta: body as Json, removed });
      }
      return true;
    },
  };
}
