import type { Fault, FrameSpec } from "@crossframe/protocol";

/** What an iframe gets, decided before it exists. */
export interface FrameAttributes {
  readonly url: string;
  readonly origin: string;
  readonly sandbox: string;
  readonly allow: string;
  readonly title: string;
}

/** Says whether a frame may be made: its attributes, or the fault that is its state from the start. */
export type Decision = { readonly attributes: FrameAttributes } | { readonly fault: Fault };

const sandboxToken = /^allow-[a-z-]{1,48}$/;
const featurePolicy = /^[a-z][a-z-]{0,63}( [^;,]{1,256})?$/;

/**
 * Decides how an app is framed in a page of the origin `own`.
 *
 * The page guards itself here even though the hub has checked the definition: a frame of the page's own origin that
 * may run scripts as that origin could reach into the page and take off its own sandbox, and a frame that may
 * navigate the top window could replace the page.
 */
export function decideFrame(spec: FrameSpec, own: string): Decision {
  const url = URL.canParse(spec.url) ? new URL(spec.url) : undefined;
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:")) {
    return refuse(`the app's address is not an absolute http or https URL: ${clip(spec.url)}`);
  }
  const bad = spec.sandbox.find((t) => !sandboxToken.test(t));
  if (bad !== undefined) return refuse(`"${clip(bad)}" is no sandbox token`);
  const top = spec.sandbox.find((t) => t.startsWith("allow-top-navigation"));
  if (top !== undefined) return refuse(`the sandbox token ${top} would let the app replace the main page`);
  if (url.origin === own && spec.sandbox.includes("allow-same-origin")) {
    return refuse("the app has the main page's own origin; take allow-same-origin out of its sandbox or host it elsewhere");
  }
  if (own.startsWith("https:") && url.protocol === "http:" && !isLocal(url.hostname)) {
    return refuse("the main page is served by https; browsers do not show an http frame in it");
  }
  const allow = spec.allow ?? [];
  const feature = allow.find((a) => !featurePolicy.test(a));
  if (feature !== undefined) return refuse(`"${clip(feature)}" is no feature of the permissions policy`);
  return {
    attributes: {
      url: url.href,
      origin: url.origin,
      sandbox: spec.sandbox.join(" "),
      allow: allow.join("; "),
      title: spec.title === "" ? spec.app : spec.title,
    },
  };
}

function refuse(why: string): Decision {
  return { fault: { code: "APP_FAILED", message: why } };
}

/** Hosts that browsers trust without https. */
function isLocal(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function clip(text: string): string {
  return text.length > 120 ? `${text.slice(0, 120)}…` : text;
}
