import type { Greeting } from "@crossframe/protocol";
import type { Environment, HubWindow } from "./environment.js";
import { CrossframeError } from "./errors.js";
import { acknowledgement, greet, type Acknowledged } from "./handshake.js";
import { hubCandidates } from "./origins.js";
import { library } from "./version.js";

/** What an entrance tells beside the port. */
export interface EntranceEvents {
  /** The hub posted a nonce to this document, to be echoed on the port. */
  challenge(nonce: string): void;
  /** The hub was replaced: greet again. */
  replaced(): void;
  /** The page goes away, or into the browser's cache. */
  hidden(): void;
  /** The page came back from the browser's cache. */
  shown(): void;
}

/** How a session comes by its ports. */
export interface Entrance {
  /** Resolves with an acknowledged port, or rejects with a refusal. Stops trying when the signal aborts. */
  open(signal: AbortSignal): Promise<Acknowledged>;
  /** Starts to tell; the function returned stops it. */
  listen?(events: EntranceEvents): () => void;
}

/** The entrance of a client app: a greeting to the main page's window. */
export class WindowEntrance implements Entrance {
  readonly #environment: Environment;
  readonly #hubWindow: HubWindow;
  readonly #origins: readonly string[];
  readonly #greeting: Greeting;
  /** Messages that claimed to be the hub's and were not. */
  ignored = 0;

  constructor(environment: Environment, app?: string, hubOrigins?: readonly string[]) {
    if (!environment.hubWindow) {
      throw new CrossframeError(
        "HUB_NOT_FOUND",
        "no hub opened or framed this page. Open it from the workspace; and without a Cross-Origin-Opener-Policy header",
      );
    }
    this.#environment = environment;
    this.#hubWindow = environment.hubWindow;
    this.#origins = hubCandidates(environment, hubOrigins);
    this.#greeting = { crossframe: "INIT_REQUEST", versions: [1], library, ...(app && { app }) };
  }

  open(signal: AbortSignal): Promise<Acknowledged> {
    return greet(this.#hubWindow, this.#origins, this.#greeting, signal);
  }

  listen(on: EntranceEvents): () => void {
    const listeners = {
      message: (event: Event) => this.#take(event as MessageEvent, on),
      pagehide: () => on.hidden(),
      pageshow: (event: Event) => (event as PageTransitionEvent).persisted && on.shown(),
    };
    const { events } = this.#environment;
    const all = Object.entries(listeners);
    for (const [name, listener] of all) events.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of all) events.removeEventListener(name, listener);
    };
  }

  #take({ data, source, origin }: MessageEvent, on: EntranceEvents): void {
    const mark: unknown = data?.crossframe;
    if (mark === undefined) return;
    if (source !== this.#hubWindow || !this.#origins.includes(origin)) {
      this.ignored++;
    } else if (mark === "CHALLENGE" && typeof data.nonce === "string") {
      on.challenge(data.nonce);
    } else if (mark === "RECONNECT") {
      on.replaced();
    }
  }
}

/** The entrance of the main page, which hands the other end of a channel to the hub by itself. */
export class PortEntrance implements Entrance {
  readonly #next: () => MessagePort | Promise<MessagePort>;

  constructor(next: () => MessagePort | Promise<MessagePort>) {
    this.#next = next;
  }

  async open(signal: AbortSignal): Promise<Acknowledged> {
    const port = await this.#next();
    signal.addEventListener("abort", () => port.close());
    if (signal.aborted) port.close();
    return acknowledgement(port);
  }
}
