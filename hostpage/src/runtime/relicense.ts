/**
 * Tells the Worker what the page knows of the license: from its configuration at the start, and from the server again and again, so
 * that a renewed key, a new key set and a revocation reach pages that stay open for weeks.
 */
import type { PageConfig } from "@crossframe/protocol";

import type { TextStore } from "../workspaces/saved.js";
import type { LicenseConfig } from "./check.js";
import { WallClock } from "./clock.js";
import type { HubLink } from "./link.js";
import type { Start } from "./messages.js";
import { Watch } from "./watch.js";

/** The latest time that a server told, in milliseconds since 1970. */
const FLOOR_KEY = "crossframe.clock";

export class Relicense {
  readonly #link: HubLink;
  readonly #store: TextStore;
  #config: LicenseConfig = {};
  #clock = new WallClock(undefined);
  #watch: Watch<Partial<PageConfig>> | undefined;

  constructor(link: HubLink, store: TextStore) {
    this.#link = link;
    this.#store = store;
  }

  /** What the Worker is to know at its start. */
  start(config: Partial<PageConfig>): Pick<Start, "license" | "serverMs" | "floorMs"> {
    this.#config = licenseOf(config);
    const { nowMs } = config;
    const floorMs = Number(read(this.#store)) || 0;
    this.#clock = new WallClock(nowMs, floorMs);
    this.#keep(nowMs);
    return { license: this.#config, ...(nowMs === undefined ? { floorMs } : { serverMs: nowMs }) };
  }

  /** Begins to read the configuration again. Where it cannot be read, the Worker looks at what there is: time passes all the same. */
  watch(read: () => Promise<Partial<PageConfig>>): void {
    this.#watch = new Watch({
      read,
      tell: (config) => {
        if (config) this.#config = licenseOf(config);
        const serverMs = config?.nowMs;
        if (serverMs !== undefined) this.#clock.set(serverMs);
        this.#keep(serverMs);
        this.#link.license({ kind: "license", license: this.#config, ...(serverMs === undefined ? {} : { serverMs }) });
      },
    });
  }

  /** The time by which the license is judged, in milliseconds since 1970. */
  now(): number {
    return this.#clock.now();
  }

  close(): void {
    this.#watch?.close();
  }

  /** The server's word counts, also where it is earlier than before: a server whose clock was wrong once must not lock pages out for good. */
  #keep(serverMs: number | undefined): void {
    if (serverMs === undefined) return;
    try {
      this.#store.setItem(FLOOR_KEY, String(serverMs));
    } catch {
      // Storage is full: then an older time holds where no server can be asked.
    }
  }
}

function licenseOf({ licenseKey, licenseKeys, licenseKeySet, licenseRoots, licenseRevocations }: Partial<PageConfig>): LicenseConfig {
  const some = { licenseKey, licenseKeys, licenseKeySet, licenseRoots, licenseRevocations };
  return Object.fromEntries(Object.entries(some).filter(([, value]) => value !== undefined)) as LicenseConfig;
}

function read(store: TextStore): string | null {
  try {
    return store.getItem(FLOOR_KEY);
  } catch {
    return null;
  }
}
