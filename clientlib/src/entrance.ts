import type { Greeting } from "@crossframe/protocol";
import type { Environment } from "./environment.js";
import { CrossframeError } from "./errors.js";
import { acknowledgement, greet, type Attempt } from "./handshake.js";
import { hubCandidates } from "./origins.js";
import { library } from "./version.js";

/** What an entrance tells beside the port. */
export interface EntranceEvents {
  /** The hub posted a nonce to this document, to be echoed on the port. */
  challenge(nonce: string): void;
  /** The page goes away, or into the browser's cache. */
  hidden(): void;
  /** The page came back from the browser's cache. */
  shown(): void;
}

/** How a session comes by its ports. */
export interface Entrance {
  open(): Attempt;
  /** Whether a session goes on for ever to connect again: a server comes back in its own time. */
  readonly patient?: boolean;
  /** Starts to tell; the function returned stops it. */
  listen?(events: EntranceEvents): () => void;
}

/** The entrance of a client app: a greeting to the main page's window. */
export function windowEntrance(environment: Environment, app?: string, hubOrigins?: readonly string[]): Entrance {
  const { hubWindow, events } = environment;
  if (!hubWindow) {
    throw new CrossframeError(
      "HUB_NOT_FOUND",
      "no hub frames or opened this page: open it from the workspace, without a Cross-Origin-Opener-Policy header",
    );
  }
  const origins = hubCandidates(environment, hubOrigins);
  const greeting = (): Greeting => ({
    crossframe: "INIT_REQUEST",
    versions: [1],
    library,
    ...(app && { app }),
    ...(environment.loaded() && { loaded: true }),
  });
  return {
    open: () => greet(hubWindow, origins, greeting),

    listen(on) {
      const listening = new AbortController();
      const listen = <E extends Event>(type: string, listener: (event: E) => void) => {
        events.addEventListener(type, listener as EventListener, { signal: listening.signal });
      };
      listen("message", ({ data, source, origin }: MessageEvent) => {
        const challenge = data?.crossframe === "CHALLENGE" && typeof data.nonce === "string";
        if (challenge && source === hubWindow && origins.includes(origin)) on.challenge(data.nonce);
      });
      listen("pagehide", on.hidden);
      listen("pageshow", ({ persisted }: PageTransitionEvent) => persisted && on.shown());
      return () => listening.abort();
    },
  };
}

/** The entrance of the main page, which hands the other end of a channel to the hub by itself. */
export function portEntrance(next: () => MessagePort | Promise<MessagePort>): Entrance {
  return {
    open() {
      const port = (async () => next())();
      return {
        answer: port.then(acknowledgement),
        stop: () => void port.then((given) => given.close(), () => {}),
      };
    },
  };
}
