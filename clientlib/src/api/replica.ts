import type { ContextChange, PeerInfo } from "@crossframe/protocol";
import { decodeBody } from "../body.js";
import { tell } from "../errors.js";
import { readHead, type Message } from "../messages.js";
import { merged, type Json, type Path } from "./merge.js";

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

  const become = (next: Json | undefined, change: Change) => {
    value = next && Object.freeze(next);
    revision = change.revision;
    tell(listeners, value, change);
  };

  return {
    /** Adds a listener and tells it the present value. The function returned removes it; false: it did already. */
    add(listener: Listener): () => boolean {
      const entry: Listener = (...told) => listener(...told);
      listeners.add(entry);
      tell([entry], value, { kind: "set", revision });
      return () => listeners.delete(entry);
    },

    /** Takes a value that was read. Listeners hear of it where it differs from what they have. */
    first(m: Message) {
      const read = decodeBody(m.body) as Json | undefined;
      if (JSON.stringify(read) === JSON.stringify(value)) revision = m.ref;
      else become(read, { kind: "set", revision: m.ref });
    },

    /** Takes a change. Returns false where changes before it are missing: then the value must be read anew. */
    event(m: Message): boolean {
      if (m.id <= revision) return true;
      const head = readHead<ContextChange>(m);
      const { kind = "update", removed = [] } = head;
      const body = decodeBody(m.body);
      const change = { kind: kind as Change["kind"], revision: m.id, ...(m.peer && { writer: peer(m.peer) }) };
      if (kind === "set" || kind === "destroyed") {
        become(body as Json | undefined, change);
        return true;
      }
      if (m.id !== revision + 1) return false;
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
