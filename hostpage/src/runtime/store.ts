/**
 * Keeps the shared contexts of one browser tab across reloads of the main page, in IndexedDB. The journal in memory
 * is the truth; the store follows it a moment later, and a failing store costs the reload, never the session.
 */
import { createStore, delMany, entries, setMany, type UseStore } from "idb-keyval";

import type { Chunk } from "./journal.js";

/** The keys of the journal that outlive the page: everything else names connections and frames that do not. */
const KEPT = ["contexts/value/", "contexts/floor"];
const DELAY_MS = 20;

export class ContextStore {
  readonly #store: UseStore;
  readonly #failed: (reason: string) => void;
  #dirty = new Map<string, readonly Chunk[] | undefined>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #writing = Promise.resolve();
  #told = false;

  /**
   * @param name of the database
   * @param failed is told once why nothing is kept
   */
  constructor(name: string, failed: (reason: string) => void) {
    this.#store = createStore(name, "journal");
    this.#failed = failed;
  }

  /** Reads what was kept; what does not have the right form is left out. */
  async load(): Promise<[string, Chunk[]][]> {
    try {
      const found = await entries<IDBValidKey, unknown>(this.#store);
      const good = found.filter((entry): entry is [string, Chunk[]] => isKept(entry[0]) && isChunks(entry[1]));
      if (good.length < found.length) {
        this.#fail("some of the shared contexts kept from before the reload were damaged and left out");
      }
      return good;
    } catch (error) {
      this.#fail(String(error));
      return [];
    }
  }

  /** Notes that a key of the journal changed. */
  changed(key: string, chunks: readonly Chunk[] | undefined): void {
    if (!isKept(key)) {
      return;
    }
    this.#dirty.set(key, chunks);
    this.#timer ??= setTimeout(() => this.flush(), DELAY_MS);
  }

  /** Writes what has changed. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const dirty = this.#dirty;
    this.#dirty = new Map();
    this.#writing = this.#writing.then(() => this.#write(dirty)).catch((error: unknown) => this.#fail(String(error)));
    return this.#writing;
  }

  async #write(dirty: Map<string, readonly Chunk[] | undefined>): Promise<void> {
    const put: [string, readonly Chunk[]][] = [];
    const gone: string[] = [];
    for (const [key, chunks] of dirty) {
      if (chunks) {
        put.push([key, chunks]);
      } else {
        gone.push(key);
      }
    }
    await setMany(put, this.#store);
    await delMany(gone, this.#store);
  }

  #fail(reason: string): void {
    if (!this.#told) {
      this.#told = true;
      this.#failed(reason);
    }
  }
}

function isKept(key: unknown): boolean {
  return typeof key === "string" && KEPT.some((prefix) => key.startsWith(prefix));
}

function isChunks(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((c: Partial<Chunk> | null) => c !== null && typeof c === "object" && typeof c.head === "string" && isBody(c.body))
  );
}

function isBody(body: unknown): boolean {
  return body === null || typeof body === "string" || body instanceof ArrayBuffer;
}
