import { CrossframeError } from "./errors.js";

/** What the browser says about the app and the page around it. */
export interface Surroundings {
  /** The origin of the app's own document. */
  readonly ownOrigin: string;
  /** The origin of the hub's window, where the browser tells it for certain. */
  readonly hubOrigin?: string | undefined;
  /** An origin that it may be: that of the referring page. */
  readonly hint?: string | undefined;
  /** The origin that this library's script was loaded from, where a script tag loaded it. */
  readonly scriptOrigin?: string | undefined;
}

const loopback = /^https?:\/\/(([a-z0-9-]+\.)*localhost|127\.0\.0\.1|\[::1])(:\d+)?$/;

/**
 * Names the origins that a greeting may be addressed to. They are the given ones, else the one that the script came
 * from. Beside these a hub on this machine will do for an app that is itself served from this machine: that is a
 * developer's desk. (For any other app it would not do. Whoever else is logged in to the same machine can serve a
 * page there, too.) Where the browser tells the hub's origin, it is the only one left.
 */
export function hubCandidates(around: Surroundings, given: readonly string[] | undefined): readonly string[] {
  const { ownOrigin, hubOrigin, hint, scriptOrigin } = around;
  const trusted = new Set(given?.map(exactOrigin) ?? (scriptOrigin ? [scriptOrigin] : []));
  const seen = hubOrigin ?? hint ?? "";
  if (loopback.test(ownOrigin) && loopback.test(seen)) trusted.add(seen);
  const candidates = [...trusted].filter((origin) => origin === (hubOrigin ?? origin));
  if (candidates.length > 0) return candidates;
  throw new CrossframeError(
    "HUB_UNTRUSTED",
    `the page around this app is no known hub. If it is yours: connect({ hubOrigins: ["${seen || "https://…"}"] })`,
  );
}

function exactOrigin(text: string): string {
  const origin = URL.canParse(text) && new URL(text).origin;
  if (origin === text.replace(/\/$/, "") && !text.includes("*")) return origin;
  throw new CrossframeError("INVALID_ARGUMENT", `hubOrigins: "${text}" is not an origin such as "https://example.com"`);
}
