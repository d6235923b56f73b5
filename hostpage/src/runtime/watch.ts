/**
 * Reads something again from time to time, as long as the page lives: every ten minutes, and when the page comes to the front or
 * the network comes back, as it may have been asleep until then.
 */
export interface WatchOptions<T> {
  readonly read: () => Promise<T>;
  /** Hears what was read; undefined where it could not be. */
  readonly tell: (value: T | undefined) => void;
  /** If absent, ten minutes. */
  readonly everyMs?: number;
}

const EVERY_MS = 10 * 60_000;
/** Coming to the front again and again reads no more often than this. */
const AT_LEAST_MS = 5_000;

export class Watch<T> {
  readonly #options: WatchOptions<T>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;
  #closed = false;
  #lastMs = performance.now();
  readonly #awake = (): void => {
    if (document.visibilityState === "visible" && performance.now() - this.#lastMs >= AT_LEAST_MS) void this.#read();
  };

  constructor(options: WatchOptions<T>) {
    this.#options = options;
    document.addEventListener("visibilitychange", this.#awake);
    window.addEventListener("online", this.#awake);
    this.#arm();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#awake);
    window.removeEventListener("online", this.#awake);
  }

  /** All pages of a company come back from lunch together, so each waits a little differently. */
  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#read(), (this.#options.everyMs ?? EVERY_MS) * (0.9 + 0.2 * Math.random()));
  }

  async #read(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    this.#lastMs = performance.now();
    const value = await this.#options.read().catch(() => undefined);
    this.#busy = false;
    if (this.#closed) return;
    this.#options.tell(value);
    this.#arm();
  }
}
