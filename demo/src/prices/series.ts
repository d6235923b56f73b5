/** The prices of one symbol over the last minutes. */

/** How many points a plot holds: two minutes at two a second. */
export const maxPoints = 240;

export interface Point {
  /** Seconds since 1970. */
  readonly time: number;
  readonly price: number;
}

/** Series keeps the newest points in the order of their times, each time once. */
export class Series {
  #points: readonly Point[] = [];

  get points(): readonly Point[] {
    return this.#points;
  }

  /** add takes points, of which some may be known already. */
  add(...points: readonly Point[]): void {
    const byTime = new Map([...this.#points, ...points].map((point) => [point.time, point]));
    this.#points = [...byTime.values()].sort((a, b) => a.time - b.time).slice(-maxPoints);
  }
}

/** readPoint takes a quote of the shared context; undefined where it is none. */
export function readPoint(quote: unknown): Point | undefined {
  const { time, price } = (quote ?? {}) as Record<string, unknown>;
  return typeof time === "number" && typeof price === "number" && Number.isFinite(time + price) ? { time, price } : undefined;
}

/** readHistory takes the answer of prices.history: a list of times and one of prices. */
export function readHistory(answer: unknown): readonly Point[] {
  const { time, price } = (answer ?? {}) as Record<string, unknown>;
  if (!Array.isArray(time) || !Array.isArray(price)) return [];
  return time.flatMap((t: unknown, i) => readPoint({ time: t, price: price[i] as unknown }) ?? []);
}
