import type { TextStore } from "../workspaces/saved.js";

/**
 * Returns localStorage, or something like it that lasts as long as the page: where people block all storage, browsers
 * throw as soon as the property is read.
 */
export function pageStore(): TextStore {
  try {
    return localStorage;
  } catch {
    return new MemoryStore();
  }
}

class MemoryStore implements TextStore {
  readonly #texts = new Map<string, string>();

  getItem(key: string): string | null {
    return this.#texts.get(key) ?? null;
  }

  setItem(key: string, text: string): void {
    this.#texts.set(key, text);
  }

  removeItem(key: string): void {
    this.#texts.delete(key);
  }
}
