/**
 * Keeps the shared contexts of one browser tab across reloads of the main page, in IndexedDB. The journal in memory
 * is the truth; the store follows it a moment later, and a failing store costs the reload, never the session.
 */
import { createStore, entries, promisifyRequest, type UseStore } from "idb-keyval";

import type { Chunk } from "./journal.js";

/**
 * The keys of the journal that outlive the page: everything else names connections and frames that do not. They are what
 * this page shares, what it knows of what a broker keeps, the writes that the broker does not have yet, and what they are
 * numbered by.
 */
const KEPT = [
  "contexts/value/",
  "contexts/floor",
  "contexts/base/",
  "contexts/pending/",
  "contexts/sequence",
  "contexts/identity",
  "hub/link",
];
/** Keys that were promised to somebody, and wait as little as may be. */
const URGENT = "contexts/pending/";
/** Contexts of this page, of which some end with it. */
const LOCAL = "contexts/value/";
const DELAY_MS = 20;
/** A key is written as a whole, so a slow write is followed by a pause of so many times its own length. */
const PAUSE = 10;

export class ContextStore {
  readonly #store: UseStore;
  readonly #failed: (reason: string) => void;
  #dirty = new Map<string, readonly Chunk[] | undefined>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The timer is that of an urgent key. */
  #urgent = false;
  #writing = Promise.resolve();
  #told = false;
  #lastWriteMs = 0;

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
    if (!isKept(key)) return;
    // A context that lives as long as its owner ends with the page: whether the owner comes back nobody knows.
    const owned = key.startsWith(LOCAL) && (chunks?.[0]?.head.includes('"lifetime":"owner"') ?? false);
    this.#dirty.set(key, owned ? undefined : chunks);
    const urgent = chunks !== undefined && key.startsWith(URGENT);
    if (this.#timer !== undefined && (!urgent || this.#urgent)) return;
    clearTimeout(this.#timer);
    this.#urgent = urgent;
    this.#timer = setTimeout(() => this.flush(), urgent ? this.#lastWriteMs : Math.max(DELAY_MS, PAUSE * this.#lastWriteMs));
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

  /** Writes all in one transaction: what one turn has changed is not to be found half done. */
  async #write(dirty: Map<string, readonly Chunk[] | undefined>): Promise<void> {
    const begun = performance.now();
    await this.#store("readwrite", (store) => {
      for (const [key, chunks] of dirty) {
        if (chunks) {
          store.put(chunks, key);
        } else {
          store.delete(key);
        }
      }
      return promisifyRequest(store.transaction);
    });
    this.#lastWriteMs = performance.now() - begun;
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
