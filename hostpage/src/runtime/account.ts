/**
 * Who uses this page, as far as the broker has to know: brings the token that says so. In development it is one of the
 * configured users, chosen by ?user=… or on the page, for each tab; elsewhere the embedding application makes tokens.
 */
import type { LinkConfig, User } from "@crossframe/protocol";

import { forgetSession } from "./session.js";

const KEY = "crossframe.user";
/** Whose tokens the tab's session has had. */
const HOLDER_KEY = "crossframe.holder";
/** A token is some kilobytes; whatever is longer is none. */
const TOKEN_LIMIT = 32_768;

/** Who makes tokens is asked again some time later; a page must not wait for it without an end. */
const TOKEN_MS = 15_000;

/** Brings a token, or "" where there is none now: nobody is signed in. */
export type TokenSource = () => Promise<string>;

/** Where a page gets its tokens. */
export function tokenSource(link: LinkConfig): TokenSource {
  const user = developmentUser(link);
  if (user) return () => Promise.resolve(`dev:${user.id}`);
  const { tokenUrl } = link;
  return tokenUrl === undefined ? () => Promise.resolve("") : () => fetchToken(tokenUrl);
}

/**
 * The same source with its failures told, each as no token: once, until there is a token again. The hub asks every half a
 * minute for as long as nobody is signed in.
 */
export function toldOnce(source: TokenSource, tell: (reason: string) => void): TokenSource {
  let told = false;
  return async () => {
    try {
      const token = await source();
      if (token !== "") told = false;
      return token;
    } catch (error) {
      if (!told) tell(error instanceof Error ? error.message : String(error));
      told = true;
      return "";
    }
  };
}

/** The development user of this tab; undefined where users sign in. */
export function developmentUser({ development = [] }: LinkConfig): User | undefined {
  const kept = read();
  const wanted = new URLSearchParams(location.search).get("user") ?? kept;
  const user = development.find(({ id }) => id === wanted) ?? development[0];
  if (!user || user.id === kept) return user;
  // The address may be left for another one of this page; the tab stays whose it is.
  if (kept === null) write(user.id);
  else becomeDevelopmentUser(user.id);
  return user;
}

/**
 * Makes the tab another development user's. The page is loaded anew, as a session of its own: what was shared with the
 * one is not shown to the other.
 */
export function becomeDevelopmentUser(id: string): void {
  write(id);
  forgetSession();
  const address = new URL(location.href);
  address.searchParams.delete("user");
  location.replace(address);
}

/**
 * Notes whose token it is. Returns false where the tab's session has had another's: then nothing of it may be shown. Who
 * cannot be told from a token, or brings none, changes nothing: the broker says whose a connection is.
 */
export function keepHolder(token: string): boolean {
  const holder = holderOf(token);
  const kept = read(HOLDER_KEY);
  if (holder === "" || holder === kept) return true;
  write(holder, HOLDER_KEY);
  return kept === null;
}

/** Whether the tab's session has had anybody's token. */
export function hasHolder(): boolean {
  return read(HOLDER_KEY) !== null;
}

/** Who a token is of by its own words, issuer and subject. It proves nothing, and is enough to see that the user has changed. */
function holderOf(token: string): string {
  const payload = token.split(".")[1];
  if (payload === undefined) return token;
  try {
    const { iss, sub } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as { iss?: unknown; sub?: unknown };
    return sub === undefined ? "" : JSON.stringify([iss, sub]);
  } catch {
    return "";
  }
}

/** Rejects where the address gives no answer that says who it is, or that nobody is signed in. */
async function fetchToken(url: string): Promise<string> {
  // A way to a login page is nothing that fetch could go: it means that nobody is signed in.
  const answer = await fetch(url, { cache: "no-store", credentials: "same-origin", redirect: "manual", signal: AbortSignal.timeout(TOKEN_MS) });
  if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return "";
  if (!answer.ok) throw new Error(`${url} answered ${answer.status} ${answer.statusText}`.trimEnd());
  const said: unknown = await answer.json().catch(() => undefined);
  const token = typeof said === "object" && said !== null && "token" in said ? said.token : undefined;
  if (typeof token !== "string" || token.length > TOKEN_LIMIT) throw new Error(`${url} did not answer {"token":"…"}`);
  return token;
}

/** The address of the broker's WebSocket: absolute, as the Worker has no document to read a path by. */
export function linkUrl(url: string): string {
  const address = new URL(url, location.href);
  address.protocol = address.protocol.replace(/^http/, "ws");
  return address.href;
}

function read(key = KEY): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(value: string, key = KEY): void {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // Storage is switched off: then the address says who it is, or it is the first one.
  }
}
