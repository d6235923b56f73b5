/** What a watch has told so far, so that after a reconnect it tells only what differs. */
export function createRoster<T>(key: (item: T) => string) {
  const items = new Map<string, T>();
  return {
    /** What a full list adds to the items known, and what it lacks of them. */
    difference(list: readonly T[]): [added: T[], removed: T[]] {
      const keys = new Set(list.map(key));
      return [list.filter((item) => !items.has(key(item))), [...items.values()].filter((item) => !keys.has(key(item)))];
    },

    note(added: readonly T[], removed: readonly T[]) {
      for (const item of removed) items.delete(key(item));
      for (const item of added) items.set(key(item), item);
    },
  };
}
