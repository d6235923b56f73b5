/** How much of a limit is used, so that two clocks that differ a little never make the hub see too much. */
const share = 0.9;

/** How often a backlog is drained, in milliseconds. */
const drainEveryMs = 20;

/** Decides when a message that the limits count is sent. */
export interface Pacer {
  /** Starts anew with a full bucket and no backlog. 0 means unlimited. */
  limit(perSecond?: number, size?: number): void;
  /** Sends now or later. False means that it will not be sent. */
  offer(send: () => void): unknown;
}

/**
 * Makes a token bucket with a backlog: what comes faster than the limits allow waits here, in order, instead of
 * being answered with RATE_LIMITED by the hub.
 */
export function createPacer(): Pacer {
  // Tokens for each millisecond. Without a limit it is 0 as well, and the bucket is endless.
  let rate = 0;
  let burst = Infinity;
  let tokens = Infinity;
  let filledAt = 0;
  let backlog: (() => void)[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  const take = () => {
    const now = performance.now();
    tokens = Math.min(burst, tokens + (now - filledAt) * rate);
    filledAt = now;
    return tokens >= 1 && tokens--;
  };

  const drain = () => {
    let sent = 0;
    while (sent < backlog.length && take()) backlog[sent++]?.();
    backlog.splice(0, sent);
    timer = backlog.length > 0 ? setTimeout(drain, drainEveryMs) : undefined;
  };

  return {
    limit(perSecond = 0, size = 0) {
      clearTimeout(timer);
      timer = undefined;
      backlog = [];
      rate = (perSecond * share) / 1000;
      tokens = burst = rate ? Math.max(1, Math.floor(size * share)) : Infinity;
      filledAt = performance.now();
    },

    // False where as many wait as the bucket is large.
    offer(send) {
      if (backlog.length === 0 && take()) send();
      else if (backlog.length >= burst) return false;
      else {
        backlog.push(send);
        timer ??= setTimeout(drain, drainEveryMs);
      }
      return true;
    },
  };
}
