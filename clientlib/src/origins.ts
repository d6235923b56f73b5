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
 * Names the origins that a greeting may be addressed to, likeliest first. They are the given ones, else the one
 * that the script came from. Beside these a hub on this machine will do for an app that is itself served from this
 * machine: that is a developer's desk. (For any other app it would not do. Whoever else is logged in to the same
 * machine can serve a page there, too.)
 */
export function hubCandidates(around: Surroundings, given: readonly string[] | undefined): readonly string[] {
  const { ownOrigin, hubOrigin, hint, scriptOrigin } = around;
  const trusted = given?.map(exactOrigin) ?? (scriptOrigin ? [scriptOrigin] : []);
  const seen = hubOrigin ?? hint ?? "";
  const admitted = trusted.includes(seen) || (loopback.test(ownOrigin) && loopback.test(seen));

  const candidates = new Set(admitted ? [seen] : []);
  if (hubOrigin === undefined) for (const origin of trusted) candidates.add(origin);
  if (candidates.size > 0) return [...candidates];
  throw new CrossframeError(
    "HUB_UNTRUSTED",
    `the page around this app (${seen || "unknown"}) is not among its hub origins. ` +
      `If it is your hub: connect({ hubOrigins: ["${seen || "https://…"}"] })`,
  );
}

function exactOrigin(text: string): string {
  const origin = /^https?:\/\/[^*]+$/.test(text) && URL.canParse(text) ? new URL(text).origin : "";
  if (!origin || origin !== text.replace(/\/$/, "")) {
    throw new CrossframeError("INVALID_ARGUMENT", `hubOrigins: "${text}" is not an origin such as "https://desk.example.com"`);
  }
  return origin;
}
