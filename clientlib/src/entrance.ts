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
  /** Starts to tell; the function returned stops it. */
  listen?(events: EntranceEvents): () => void;
}

/** The entrance of a client app: a greeting to the main page's window. */
export function windowEntrance(environment: Environment, app?: string, hubOrigins?: readonly string[]): Entrance {
  const { hubWindow, events } = environment;
  if (!hubWindow) {
    throw new CrossframeError(
      "HUB_NOT_FOUND",
      "no hub opened or framed this page. Open it from the workspace; and without a Cross-Origin-Opener-Policy header",
    );
  }
  const origins = hubCandidates(environment, hubOrigins);
  const greeting: Greeting = { crossframe: "INIT_REQUEST", versions: [1], library, ...(app && { app }) };
  return {
    open: () => greet(hubWindow, origins, greeting),

    listen(on) {
      const listeners = {
        message({ data, source, origin }: MessageEvent) {
          const challenge = data?.crossframe === "CHALLENGE" && typeof data.nonce === "string";
          if (challenge && source === hubWindow && origins.includes(origin)) on.challenge(data.nonce);
        },
        pagehide: () => on.hidden(),
        pageshow: (event: PageTransitionEvent) => event.persisted && on.shown(),
      };
      const all = Object.entries(listeners) as [string, (event: Event) => void][];
      for (const [name, listener] of all) events.addEventListener(name, listener);
      return () => {
        for (const [name, listener] of all) events.removeEventListener(name, listener);
      };
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
