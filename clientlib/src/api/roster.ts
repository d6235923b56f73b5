/** What a watch has told so far, so that after a reconnect it tells only what differs. */
export class Roster<T> {
  readonly #key: (item: T) => string;
  readonly #items = new Map<string, T>();

  constructor(key: (item: T) => string) {
    this.#key = key;
  }

  /** What a full list adds to the items known, and what it lacks of them. */
  difference(list: readonly T[]): [added: T[], removed: T[]] {
    const keys = new Set(list.map(this.#key));
    const added = list.filter((item) => !this.#items.has(this.#key(item)));
    const removed = [...this.#items].filter(([key]) => !keys.has(key)).map(([, item]) => item);
    return [added, removed];
  }

  note(added: readonly T[], removed: readonly T[]): void {
    for (const item of removed) this.#items.delete(this.#key(item));
    for (const item of added) this.#items.set(this.#key(item), item);
  }
}
