/** Looks at the license, as often as the page asks for it: key, key set and revocation list may have changed, and time has passed. */
import type { Fault, LicenseReport, PageConfig, TrustedKey } from "@crossframe/protocol";

import { openKeySet } from "./keyset.js";
import { openLicense } from "./license.js";
import { judge, openRevocations } from "./revocations.js";
import { memberOf } from "./token.js";

/** What of the page's configuration is about the license. */
export type LicenseConfig = Pick<PageConfig, "licenseKey" | "licenseKeys" | "licenseKeySet" | "licenseRoots" | "licenseRevocations">;

/** What is signed and may be replaced by a later one. */
interface Issued {
  readonly issuedAt: number;
}

/** Finds what the hub is to know of the license: its claims, or why there are none. */
export class LicenseCheck {
  readonly #origin: string;
  readonly #sets = new Newest(openKeySet);
  readonly #lists = new Newest(openRevocations);

  /** @param origin the main page's own */
  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Whether the hub needs a license is for the hub to say: without a key, nothing is found. */
  async find(config: LicenseConfig, nowMs: number): Promise<Pick<LicenseReport, "claims" | "fault">> {
    const { licenseKey, licenseKeys = [], licenseKeySet, licenseRoots = [], licenseRevocations } = config;
    if (licenseKey === undefined) return {};
    const set = await this.#sets.open(licenseKeySet, licenseRoots);
    if (set && "fault" in set) return set;
    // Of two keys with one id the set's holds: that is how it retires one that the configuration names, too.
    const trusted = [...(set?.keys ?? []), ...licenseKeys];
    const opened = await openLicense(licenseKey, this.#origin, trusted);
    if ("fault" in opened) return opened;
    const list = await this.#lists.open(licenseRevocations, trusted);
    if (!list) return opened;
    if ("fault" in list) return list;
    const [id, issuedAt] = [memberOf(opened.claims, "jti"), memberOf(opened.claims, "iat")];
    // Claims without them are for the hub to refuse.
    if (typeof id !== "string" || typeof issuedAt !== "number") return opened;
    const fault = await judge(list, { id, issuedAt }, nowMs);
    return fault ? { fault } : opened;
  }
}

/** Opens texts of one kind and holds on to the latest: an older one that comes again takes nothing back. */
class Newest<T extends Issued> {
  readonly #open: (text: string, keys: readonly TrustedKey[]) => Promise<T | { readonly fault: Fault }>;
  #latest = "";

  constructor(open: (text: string, keys: readonly TrustedKey[]) => Promise<T | { readonly fault: Fault }>) {
    this.#open = open;
  }

  /** Undefined where none is configured. One that cannot be read is passed over, where there was one before. */
  async open(text: string | undefined, keys: readonly TrustedKey[]): Promise<T | { readonly fault: Fault } | undefined> {
    if (text === undefined || text === "") {
      this.#latest = "";
      return undefined;
    }
    const now = await this.#open(text, keys);
    const before = this.#latest === "" || this.#latest === text ? undefined : await this.#open(this.#latest, keys);
    if (before && !("fault" in before) && ("fault" in now || now.issuedAt < before.issuedAt)) return before;
    if (!("fault" in now)) this.#latest = text;
    return now;
  }
}
