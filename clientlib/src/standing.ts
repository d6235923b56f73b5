import type { Connection } from "./connection.js";
import type { Lost, Message, Outgoing, Room } from "./messages.js";
import { CrossframeError } from "./errors.js";

/**
 * A request that stands: its id goes on naming it after the answer, as the ref of what the hub sends because of
 * it. A registered method, a subscription and a watch are standing requests.
 */
export interface Standing {
  readonly ask: Outgoing;
  /** The operation that ends it; absent where there is none. */
  readonly end?: number;
  /** What it is, for a person. */
  readonly what: string;
  /** Takes the answer; after a reconnect again. */
  first(message: Message): void;
  /** Takes what comes after the answer. */
  event(message: Message): void;
  /** It could not be had again after a reconnect. */
  lost?(): void;
}

interface Entry {
  readonly standing: Standing;
  id: number;
}

/** Every standing request of a connection, asked again when the connection is. */
export class StandingRequests implements Room {
  readonly #connection: Connection;
  readonly #entries = new Map<number, Entry>();

  constructor(connection: Connection) {
    this.#connection = connection;
    connection.rooms.push(this);
  }

  /** How many stand. */
  get size(): number {
    return this.#entries.size;
  }

  /** Hands the messages of an operation to the standing request that their ref names. */
  route(op: number, unknown?: (message: Message) => void): void {
    this.#connection.on(op, (m) => {
      const entry = this.#entries.get(m.ref);
      if (entry) entry.standing.event(m);
      else unknown?.(m);
    });
  }

  /** Asks. Resolves, when the hub has answered, with the function that ends it; that one never rejects. */
  async start(standing: Standing): Promise<() => Promise<void>> {
    const entry = { standing, id: 0 };
    await this.#ask(entry);
    return () => this.#end(entry);
  }

  async restore(): Promise<readonly Lost[]> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    const results = await Promise.all(entries.map((entry) => this.#askAgain(entry)));
    return results.filter((lost) => lost !== undefined);
  }

  async #ask(entry: Entry): Promise<void> {
    const { ask, first } = entry.standing;
    const id = (entry.id = this.#connection.nextId());
    this.#entries.set(id, entry);
    try {
      await this.#connection.request({ ...ask, id }, first.bind(entry.standing));
    } catch (error) {
      this.#entries.delete(id);
      throw error;
    }
  }

  async #askAgain(entry: Entry): Promise<Lost | undefined> {
    try {
      await this.#ask(entry);
      return undefined;
    } catch (error) {
      const coded = error as CrossframeError;
      if (coded.code === "DISCONNECTED") {
        // Lost once more before it was answered: it is asked for with the rest, next time.
        this.#entries.set(entry.id, entry);
        return undefined;
      }
      entry.standing.lost?.();
      return { what: entry.standing.what, error: coded };
    }
  }

  async #end(entry: Entry): Promise<void> {
    const { end } = entry.standing;
    if (!this.#entries.delete(entry.id) || !end) return;
    // Where this fails, the connection is gone, and what stood with it.
    await this.#connection.request({ op: end, ref: entry.id }, () => {}).catch(() => {});
  }
}
