/**
 * Random numbers that are the same on every machine and in every app: each record is drawn from a generator of its
 * own, seeded by what the record is ("customer", 4711). So any record can be computed alone and in any order.
 */
export class Random {
  #state: number;

  constructor(subject: string, number: number) {
    let hash = 0x811c9dc5 ^ number;
    for (let i = 0; i < subject.length; i++) hash = Math.imul(hash ^ subject.charCodeAt(i), 0x01000193);
    this.#state = hash;
    // Neighbouring numbers give neighbouring states; the first draws would still look alike.
    for (let i = 0; i < 3; i++) this.next();
  }

  /** next returns a number in [0, 1). The steps are those of mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** between returns a whole number from low to high, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** chance returns true with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** pick returns one element; the list must not be empty. */
  pick<T>(list: readonly T[]): T {
    const element = list[Math.floor(this.next() * list.length)];
    if (element === undefined) throw new RangeError("pick from an empty list");
    return element;
  }
}
