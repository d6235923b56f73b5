import type { Fault } from "@crossframe/protocol";

/**
 * What a person can do about a fault. The hub's message says what happened; this says what to change, and where.
 * `origin` is the app's, `hub` the main page's.
 */
export function fixFor(fault: Fault, origin: string, hub: string): string {
  if (fault.code === "APP_FAILED") return fixForFailure(fault.message, origin, hub);
  const fix = Object.hasOwn(fixes, fault.code) ? fixes[fault.code] : undefined;
  return fix ? fix(origin, hub) : "Try again. If it goes on, the connection log has more.";
}

const fixes: Readonly<Record<string, (origin: string, hub: string) => string>> = {
  ORIGIN_BLOCKED: (origin) => `Take ${origin} off the block list, if the app is meant to run here.`,
  ORIGIN_NOT_ALLOWED: (origin) => `Add ${origin} to the platform's allow list.`,
  ORIGIN_OPAQUE: () =>
    "Add allow-same-origin to the app's sandbox, or set allowOpaque in its definition if it is meant to be sandboxed that tightly.",
  ORIGIN_MISMATCH: (origin) =>
    `The document does not come from ${origin}: check for a redirect, or add its origin to "origins" in the app's definition.`,
  SOURCE_UNKNOWN: () => "Open the app from this page; it cannot connect from a window that the page did not open.",
  PROTOCOL_UNSUPPORTED: () => "Update @crossframe/client in the app, or the platform, so that both speak one protocol version.",
  BAD_HANDSHAKE: () => "Update @crossframe/client in the app; its greeting cannot be read.",
  HUB_NOT_READY: () => "Wait until the hub runs, then try again.",
  SESSION_REVOKED: () => "Reload the app. If it happens again, the app went to another page or sends more than its limits allow.",
  SESSION_CLOSED: () => "Start the app again.",
  SUPERSEDED: () => "The app connected twice from one window; the newer connection counts. Reload it if it stopped working.",
  LICENSE_EXPIRED: () => "Get a new license key; the line on top of this page says more.",
  LICENSE_REVOKED: () => "Get a new license key; the line on top of this page says more.",
  LICENSE_UNVERIFIED: () => "Have the revocation list signed anew; the line on top of this page says more.",
  LICENSE_LIMIT: () => "Close another app, or get a license key with a higher limit.",
};

function fixForFailure(message: string, origin: string, hub: string): string {
  if (/frame-src/.test(message)) return `Add the origin to the app definitions or to frame-src of this page, if it is meant to be shown.`;
  if (/sandbox|own origin|https|URL|permissions policy/.test(message)) return "Correct the app's definition.";
  return (
    `If the app does not show, it may refuse to be framed: its server must not send X-Frame-Options, and its ` +
    `Content-Security-Policy needs frame-ancestors ${hub}. If it shows, it does not connect: check that it calls ` +
    `connect() with the hub origin ${hub}, and that ${origin} is reachable.`
  );
}
