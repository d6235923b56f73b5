/** How much of a limit is used, so that two clocks that differ a little never make the hub see too much. */
const share = 0.9;

/** How often a backlog is drained, in milliseconds. */
const drainEveryMs = 20;

/**
 * A token bucket with a backlog: what comes faster than the limits allow waits here, in order, instead of being
 * answered with RATE_LIMITED by the hub.
 */
export class Pacer<T> {
  readonly #send: (item: T) => void;
  #rate = Infinity;
  #burst = Infinity;
  #tokens = Infinity;
  #filledAt = 0;
  #backlog: T[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (item: T) => void) {
    this.#send = send;
  }

  /** How many items wait. */
  get waiting(): number {
    return this.#backlog.length;
  }

  /** Starts anew with a full bucket. 0 means unlimited. */
  limit(perSecond: number, burst: number): void {
    this.clear();
    this.#rate = perSecond > 0 ? (perSecond * share) / 1000 : Infinity;
    this.#tokens = this.#burst = perSecond > 0 ? Math.max(1, Math.floor(burst * share)) : Infinity;
    this.#filledAt = performance.now();
  }

  /** Sends the item now or later. False means that as many items wait as the bucket is large: it was not taken. */
  offer(item: T): boolean {
    if (this.#backlog.length === 0 && this.#take()) {
      this.#send(item);
      return true;
    }
    if (this.#backlog.length >= this.#burst) return false;
    this.#backlog.push(item);
    this.#timer ??= setTimeout(this.#drain, drainEveryMs);
    return true;
  }

  /** Forgets what waits. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#backlog = [];
  }

  #take(): boolean {
    if (this.#rate === Infinity) return true;
    const now = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) * this.#rate);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  #drain = (): void => {
    let sent = 0;
    while (sent < this.#backlog.length && this.#take()) this.#send(this.#backlog[sent++] as T);
    this.#backlog.splice(0, sent);
    this.#timer = this.#backlog.length > 0 ? setTimeout(this.#drain, drainEveryMs) : undefined;
  };
}
