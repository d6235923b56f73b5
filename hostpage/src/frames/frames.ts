import type { Fault, FrameSpec } from "@crossframe/protocol";
import { decideFrame } from "./attributes.js";
import type { FrameAttributes } from "./attributes.js";
import { Windows } from "./windows.js";
import type { Sender } from "./windows.js";

/** What frames report. Each is called with the frame's number. */
export interface FramesListener {
  /** A document finished loading, the first one or a later one. Error pages of the browser load too. */
  loaded(frame: number): void;
  /** The browser did not load an address; `frame` is undefined where it does not tell which frame asked. */
  failed(frame: number | undefined, fault: Fault): void;
}

interface Entry {
  readonly spec: FrameSpec;
  readonly attributes: FrameAttributes;
  /** Where the iframe stands. */
  readonly place: HTMLElement;
  iframe: HTMLIFrameElement;
  loads: number;
}

/** How long after a blocked navigation the load of its error page is taken to belong to it, in milliseconds. */
const violationMs = 1000;

/**
 * Frames makes and removes the iframes of apps and is the only one that posts to their windows. The browser's
 * facts pass through here unjudged: which frame a message came from, that a document loaded, that an address was
 * blocked. A frame that refuses to be framed cannot be told from one that loaded (an error page fires `load` as
 * well, and cannot be read), so nothing here claims to know; the hub's timeout decides.
 */
export class Frames {
  readonly #entries = new Map<number, Entry>();
  readonly #windows = new Windows();
  readonly #listener: FramesListener;
  readonly #abort = new AbortController();
  #blocked: { readonly origin: string; readonly timer: ReturnType<typeof setTimeout> } | undefined;

  constructor(listener: FramesListener) {
    this.#listener = listener;
    document.addEventListener("securitypolicyviolation", (event) => this.#violated(event), {
      signal: this.#abort.signal,
    });
  }

  /** Makes the iframe of an app inside of `place`, which must be in the document. Returns why it may not be made. */
  open(frame: number, spec: FrameSpec, place: HTMLElement): Fault | undefined {
    this.close(frame);
    const decision = decideFrame(spec, location.origin);
    if ("fault" in decision) return decision.fault;
    const { attributes } = decision;
    const iframe = this.#insert(frame, attributes, place);
    this.#entries.set(frame, { spec, attributes, place, iframe, loads: 0 });
    return undefined;
  }

  /** Removes the iframe; its document ends at once. */
  close(frame: number): void {
    const entry = this.#entries.get(frame);
    if (!entry) return;
    this.#entries.delete(frame);
    this.#windows.remove(frame);
    entry.iframe.remove();
  }

  /** Loads the app anew in a new iframe, so that nothing of the old document or of where it went remains. */
  reload(frame: number): void {
    const entry = this.#entries.get(frame);
    if (!entry) return;
    this.#windows.remove(frame);
    entry.iframe.remove();
    entry.loads = 0;
    entry.iframe = this.#insert(frame, entry.attributes, entry.place);
  }

  spec(frame: number): FrameSpec | undefined {
    return this.#entries.get(frame)?.spec;
  }

  /** The origin of the app's address, which its document has unless it went elsewhere or is opaque. */
  origin(frame: number): string | undefined {
    return this.#entries.get(frame)?.attributes.origin;
  }

  iframe(frame: number): HTMLIFrameElement | undefined {
    return this.#entries.get(frame)?.iframe;
  }

  /** Says which frame, or window nested in a frame, a message event came from. */
  resolve(source: MessageEventSource | null): Sender | undefined {
    return this.#windows.find(source);
  }

  /**
   * Posts to a window, if its document has exactly that origin; the browser drops the message otherwise. Returns
   * false where there is no such window or no origin that can be addressed ("null" cannot, and "*" never is).
   */
  post(frame: number, window: number, message: unknown, origin: string): boolean {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) return false;
    const target = window === 0 ? this.#entries.get(frame)?.iframe.contentWindow : this.#windows.nested(frame, window);
    if (!target) return false;
    (target as Window).postMessage(message, origin);
    return true;
  }

  dispose(): void {
    this.#abort.abort();
    this.#takeBlocked();
    for (const frame of this.#entries.keys()) this.close(frame);
  }

  #insert(frame: number, attributes: FrameAttributes, place: HTMLElement): HTMLIFrameElement {
    const iframe = document.createElement("iframe");
    iframe.setAttribute("sandbox", attributes.sandbox);
    iframe.setAttribute("allow", attributes.allow);
    iframe.setAttribute("referrerpolicy", "strict-origin");
    iframe.title = attributes.title;
    iframe.addEventListener("load", () => this.#loaded(frame, iframe));
    // The address goes last: a document gets the sandbox and the permissions that stand when it begins to load.
    // It goes before the insertion, or the empty first document would fire a load of its own.
    iframe.src = attributes.url;
    place.prepend(iframe);
    if (iframe.contentWindow) this.#windows.add(frame, iframe.contentWindow);
    return iframe;
  }

  #loaded(frame: number, iframe: HTMLIFrameElement): void {
    const entry = this.#entries.get(frame);
    if (entry && entry.iframe !== iframe) return;
    if (entry) entry.loads++;
    const blocked = this.#takeBlocked();
    if (blocked !== undefined) this.#listener.failed(frame, wentElsewhere(blocked));
    this.#listener.loaded(frame);
  }

  #violated(event: SecurityPolicyViolationEvent): void {
    if (event.effectiveDirective !== "frame-src") return;
    const origin = URL.canParse(event.blockedURI) ? new URL(event.blockedURI).origin : event.blockedURI;
    const starting = [...this.#entries].filter(([, e]) => e.loads === 0 && e.attributes.origin === origin);
    const [first] = starting;
    if (first && starting.length === 1) {
      this.#listener.failed(first[0], notListed(origin));
      return;
    }
    // The event does not say which frame went there. The error page that loads in its place does.
    this.#takeBlocked();
    const timer = setTimeout(() => {
      this.#blocked = undefined;
      this.#listener.failed(undefined, wentElsewhere(origin));
    }, violationMs);
    this.#blocked = { origin, timer };
  }

  #takeBlocked(): string | undefined {
    const blocked = this.#blocked;
    clearTimeout(blocked?.timer);
    this.#blocked = undefined;
    return blocked?.origin;
  }
}

function notListed(origin: string): Fault {
  return {
    code: "APP_FAILED",
    message: `blocked ${origin}: the main page's Content-Security-Policy does not list this origin in frame-src`,
  };
}

function wentElsewhere(origin: string): Fault {
  return {
    code: "APP_FAILED",
    message: `blocked ${origin}: the app, or a redirect of its server, tried to go to an origin that the main page's frame-src does not list`,
  };
}
