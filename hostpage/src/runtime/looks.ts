import type { LicenseReport } from "@crossframe/protocol";

import { LicenseCheck, type LicenseConfig } from "./check.js";
import { WallClock } from "./clock.js";

/** Looks at the license, one look after the other, by one clock, and remembers what the last look found. */
export class LicenseLooks {
  readonly #clock: WallClock;
  readonly #check: LicenseCheck;
  #found: Pick<LicenseReport, "claims" | "fault"> = {};
  #last = Promise.resolve();

  /**
   * @param origin the main page's own
   * @param serverMs see {@link WallClock}, like floorMs
   */
  constructor(origin: string, serverMs: number | undefined, floorMs: number | undefined) {
    this.#clock = new WallClock(serverMs, floorMs);
    this.#check = new LicenseCheck(origin);
  }

  /** Looks now, or behind the looks that are under way: what the latest found is what counts. */
  look(license: LicenseConfig): Promise<void> {
    const look = this.#last.then(async () => {
      this.#found = await this.#check.find(license, this.#clock.now());
    });
    this.#last = look.catch(() => undefined);
    return look;
  }

  /** Takes the server's clock anew. */
  set(serverMs: number): void {
    this.#clock.set(serverMs);
  }

  /** What there is to tell the hub. */
  report(): LicenseReport {
    return { nowMs: Math.round(this.#clock.now()), ...this.#found };
  }
}
