import type { TextStore } from "../workspaces/saved.js";

/** "system" follows the device. */
export type Theme = "system" | "light" | "dark";

const order: readonly Theme[] = ["system", "light", "dark"];

/** ThemeSwitch sets `data-theme` on the document; the style sheet does the rest. The choice is kept under `key`. */
export class ThemeSwitch {
  readonly #store: TextStore;
  readonly #key: string;
  #theme: Theme;

  constructor(store: TextStore, key: string) {
    this.#store = store;
    this.#key = key;
    this.#theme = order.find((t) => t === this.#read()) ?? "system";
    this.#apply();
  }

  get theme(): Theme {
    return this.#theme;
  }

  /** Goes on to the next of system, light, dark, and returns it. */
  next(): Theme {
    this.#theme = order[(order.indexOf(this.#theme) + 1) % order.length] ?? "system";
    this.#apply();
    try {
      this.#store.setItem(this.#key, this.#theme);
    } catch {
      // Storage is switched off: the choice lasts as long as the page.
    }
    return this.#theme;
  }

  #apply(): void {
    document.documentElement.dataset["theme"] = this.#theme;
  }

  #read(): string | null {
    try {
      return this.#store.getItem(this.#key);
    } catch {
      return null;
    }
  }
}
