import { saveWorkspace } from "../workspaces/saved.js";
import type { SavedWorkspace, TextStore } from "../workspaces/saved.js";

/** A drag fires dozens of changes; the workspace is saved when they have ended for this long, in milliseconds. */
const delayMs = 400;

/** Keeper saves the workspace some time after it changed, and at once when the page goes away. */
export class Keeper {
  readonly #store: TextStore;
  readonly #key: string | undefined;
  readonly #workspace: () => SavedWorkspace;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Without a key nothing is saved. */
  constructor(store: TextStore, key: string | undefined, workspace: () => SavedWorkspace) {
    this.#store = store;
    this.#key = key;
    this.#workspace = workspace;
    window.addEventListener("pagehide", this.#flush);
  }

  changed(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#flush, delayMs);
  }

  dispose(): void {
    this.#flush();
    window.removeEventListener("pagehide", this.#flush);
  }

  readonly #flush = (): void => {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#key !== undefined) saveWorkspace(this.#store, this.#key, this.#workspace());
  };
}
