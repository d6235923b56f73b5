/**
 * The page's ear at the door: it hears what windows post to the main page, picks the greetings, and passes each on to
 * the hub together with what the browser says of its sender. It decides nothing and answers nothing.
 */
import { MarkInitRequest, OpPageGreet } from "@crossframe/protocol";

import type { HubLink } from "./link.js";

/** Which frame, or window nested in a frame, sent a message; undefined for a window that no frame holds. */
export type Resolve = (source: MessageEventSource | null) => { readonly frame: number; readonly window: number } | undefined;

/** The longest greeting passed on, in characters of its JSON text. */
const GREETING_LIMIT = 4096;
/** Greetings passed on per window and second. A window cannot be closed like a port; beyond this its ports are. */
const PER_SECOND = 20;

export class Door {
  readonly #link: HubLink;
  readonly #resolve: Resolve;
  readonly #abort = new AbortController();
  #counts = new WeakMap<object, number>();
  #countsSince = 0;
  /** Messages that were no greeting, for the status panel. */
  ignored = 0;

  constructor(link: HubLink, resolve: Resolve) {
    this.#link = link;
    this.#resolve = resolve;
    const { signal } = this.#abort;
    window.addEventListener("message", (event) => this.#hear(event), { signal });
    // What cannot be deserialized here (a WebAssembly.Module of another origin, say) is no greeting either.
    window.addEventListener("messageerror", () => this.ignored++, { signal });
  }

  close(): void {
    this.#abort.abort();
  }

  #hear(event: MessageEvent<unknown>): void {
    const [port, ...extra] = event.ports;
    const text = greetingText(event.data);
    if (text === undefined || !port) {
      this.ignored++;
      for (const unwanted of event.ports) unwanted.close();
      return;
    }
    for (const unwanted of extra) unwanted.close();
    if (this.#tooMany(event.source)) {
      port.close();
      return;
    }
    const sender = this.#resolve(event.source);
    const head = JSON.stringify({ window: sender?.window ?? 0, ports: event.ports.length });
    this.#link.send(OpPageGreet, sender?.frame ?? 0, event.origin, head, text, port);
  }

  #tooMany(source: MessageEventSource | null): boolean {
    const now = performance.now();
    if (now - this.#countsSince > 1000) {
      this.#counts = new WeakMap();
      this.#countsSince = now;
    }
    const key = source ?? this;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count > PER_SECOND;
  }
}

/** The JSON text of a greeting; undefined for anything else. Only the fields of a greeting are read. */
function greetingText(data: unknown): string | undefined {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return undefined;
  const { crossframe, versions, app, library, loaded } = data as Record<string, unknown>;
  if (crossframe !== MarkInitRequest) return undefined;
  try {
    const text = JSON.stringify({ crossframe, versions, app, library, loaded });
    return text.length <= GREETING_LIMIT ? text : undefined;
  } catch {
    return undefined;
  }
}
