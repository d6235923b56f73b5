/**
 * Keeps the hub's app definitions like the server's while the page runs: a directory may gain, change and lose apps under a page that
 * stays open for weeks. What apps with the right to define have added themselves stays theirs.
 */
import type { Definition } from "@crossframe/protocol";

/** What is needed of the hub. The client library's hub.apps has it. */
export interface DefiningHub {
  define(apps: readonly Definition[]): Promise<void>;
  remove(app: string): Promise<void>;
}

export class Definitions {
  readonly #hub: DefiningHub;
  /** What the server said last that the hub has taken, as texts by name. */
  #known: ReadonlyMap<string, string>;
  #turn: Promise<void> = Promise.resolve();

  /** The hub was started with the apps. */
  constructor(hub: DefiningHub, apps: readonly Definition[]) {
    this.#hub = hub;
    this.#known = byName(apps);
  }

  /**
   * Takes over what the server says now. Rejects where the hub takes not all of it; what it did not take is brought again the next time.
   * Instances that run keep running: a definition that goes is one that nothing new is started from.
   */
  follow(apps: readonly Definition[]): Promise<void> {
    const turn = this.#turn.then(() => this.#follow(apps));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #follow(apps: readonly Definition[]): Promise<void> {
    const next = byName(apps);
    const changed = apps.filter((app) => this.#known.get(app.name) !== next.get(app.name));
    const gone = [...this.#known.keys()].filter((name) => !next.has(name));
    if (changed.length > 0) await this.#hub.define(changed);
    this.#known = new Map([...next, ...gone.map((name): [string, string] => [name, ""])]);
    for (const name of gone) await this.#hub.remove(name);
    this.#known = next;
  }
}

function byName(apps: readonly Definition[]): ReadonlyMap<string, string> {
  return new Map(apps.map((app) => [app.name, JSON.stringify(app)]));
}
