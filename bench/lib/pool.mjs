import { openScene } from "./chromium.mjs";
import { variants } from "./variants.mjs";

/** Scenes that several rows share: each is opened when it is first wanted, and warmed up. */
export class Pool {
  #browser;
  #port;
  #open = new Map();

  constructor(browser, port) {
    this.#browser = browser;
    this.#port = port;
  }

  /** The calling frame of a variant's scene. */
  caller(name, hosts = ["a.test", "b.test"]) {
    const key = `${name} ${hosts.length}`;
    if (!this.#open.has(key)) this.#open.set(key, openScene(this.#browser, this.#port, { ...variants[name], hosts }));
    return this.#open.get(key).then(({ caller }) => caller);
  }

  async close() {
    for (const scene of this.#open.values()) await (await scene).close();
    this.#open.clear();
  }
}

/** Runs one of the frame's measurements. */
export const measure = (frame, what, ...args) => frame.evaluate(([name, rest]) => globalThis.bench[name](...rest), [what, args]);
