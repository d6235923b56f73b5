/**
 * The journal: what a new run of the Go program needs to go on where the last one ended. The hub's rooms write it,
 * turn by turn; it lives in the Worker's JavaScript, which the Go program cannot take down with it.
 */

/** One piece of what a key holds. A body that came as a string is kept as that string, uncopied. */
export interface Chunk {
  readonly head: string;
  readonly body: string | ArrayBuffer | null;
}

/** Kinds of records; the same numbers as peer.RecordKind in Go. */
const PUT = 1;
const APPEND = 2;
const DROP = 3;

export class Journal {
  readonly #entries = new Map<string, Chunk[]>();
  readonly #changed: (key: string, chunks: readonly Chunk[] | undefined) => void;

  /** @param changed is told each key that changed, with what it holds now. */
  constructor(changed: (key: string, chunks: readonly Chunk[] | undefined) => void) {
    this.#changed = changed;
  }

  apply(kind: number, key: string, chunk: Chunk): void {
    switch (kind) {
      case PUT:
        this.#entries.set(key, [chunk]);
        break;
      case APPEND: {
        const chunks = this.#entries.get(key);
        if (chunks) {
          chunks.push(chunk);
        } else {
          this.#entries.set(key, [chunk]);
        }
        break;
      }
      case DROP:
        this.#entries.delete(key);
        break;
      default:
        throw new TypeError(`journal record of kind ${kind}`);
    }
    this.#changed(key, this.#entries.get(key));
  }

  /** Takes over what a store kept, without telling it back. */
  load(entries: Iterable<readonly [string, Chunk[]]>): void {
    for (const [key, chunks] of entries) this.#entries.set(key, chunks);
  }

  entries(): IterableIterator<[string, Chunk[]]> {
    return this.#entries.entries();
  }

  get size(): number {
    return this.#entries.size;
  }
}
