import type { Connection } from "./connection.js";
import type { CrossframeError } from "./errors.js";
import type { Message, Outgoing } from "./messages.js";

/**
 * A request that stands: its id goes on naming it after the answer, as the ref of what the hub sends because of
 * it. A registered method, a subscription and a watch are standing requests.
 */
export interface Standing {
  readonly ask: Outgoing;
  /** The operation that ends it. */
  readonly end: number;
  /** What it is, for a person. */
  readonly what: string;
  /** Takes the answer; after a reconnect again. */
  readonly first?: (message: Message) => void;
  /** Takes what comes after the answer. A false return says that something is missing: it is asked for anew. */
  readonly event: (message: Message) => unknown;
  /** The hub took it back, or it could not be had again after a reconnect. */
  readonly lost?: () => void;
}

/** Something that the hub took back, or that could not be had again after a reconnect. */
export interface Lost {
  /** The operation and the name, such as "interop.register crm.open". */
  readonly what: string;
  readonly error: CrossframeError;
}

export interface Entry extends Standing {
  id: number;
}

/** How long to wait before asking anew is tried again, in milliseconds. */
const askAgainMs = 1_000;

export type StandingRequests = ReturnType<typeof createStandingRequests>;

/** Every standing request of a connection. ended is told what the hub takes back. */
export function createStandingRequests(connection: Connection, ended: (lost: Lost) => void) {
  const entries = new Map<number, Entry>();

  const lose = (entry: Entry, error: CrossframeError): Lost => {
    entries.delete(entry.id);
    entry.lost?.();
    return { what: entry.what, error };
  };

  /** Asks, under a new id. Where that fails, the entry stays: it may be tried again. */
  const ask = (entry: Entry) => {
    entries.delete(entry.id);
    entries.set((entry.id = connection.nextId()), entry);
    return connection.request({ ...entry.ask, id: entry.id }, entry.first);
  };

  // Where this fails, the connection is gone, and what stood with it.
  const release = ({ id, end }: Entry) => connection.request({ op: end, ref: id }).catch(() => {});

  /** Asks anew until it is answered. What still comes for the former id belongs to nothing and is passed over. */
  const renew = (entry: Entry) => {
    void release(entry);
    ask(entry).catch(() => {
      const { id } = entry;
      setTimeout(() => connection.attached() && entries.has(id) && renew(entry), askAgainMs);
    });
  };

  connection.onEnded((id, error) => {
    const entry = entries.get(id);
    if (entry) ended(lose(entry, error));
  });

  return {
    /** Hands the messages of an operation to the standing request that their ref names. */
    route(op: number, unknown?: (message: Message) => void) {
      connection.on(op, (m) => {
        const entry = entries.get(m.ref);
        if (!entry) unknown?.(m);
        else if (entry.event(m) === false) renew(entry);
      });
    },

    /** Asks. Resolves, when the hub has answered, with the function that ends it; that one never rejects. */
    async start(standing: Standing): Promise<() => Promise<void>> {
      const entry = { ...standing, id: 0 };
      try {
        await ask(entry);
      } catch (error) {
        entries.delete(entry.id);
        throw error;
      }
      return async () => {
        if (entries.delete(entry.id)) await release(entry);
      };
    },

    /** What restoring needs. */
    entries,
    ask,
    lose,
  };
}
