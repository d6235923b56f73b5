import type { Limits, PeerInfo, User } from "@crossframe/protocol";
import { createContexts, type Contexts } from "./api/contexts.js";
import { createInterop, type Interop } from "./api/interop.js";
import type { Session, SessionEvents } from "./session.js";

/** Who this app is, as the hub sees it. */
export interface Me extends PeerInfo {
  /** What the app was started with. */
  readonly context: unknown;
  /** The person at the desk, where this app may know. */
  readonly user: User | undefined;
  readonly limits: Limits;
}

/** A connected hub, with what most apps need of it. */
export interface CoreHub {
  readonly interop: Interop;
  readonly contexts: Contexts;
  readonly me: Me;
  /** Listens to the life of the connection. Returns the function that stops it. */
  on<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): () => void;
  /** Gives the connection up and makes a new one; "reconnected" tells when it is there. */
  reconnect(): void;
  /** Closes the connection for good. Calls that still wait are rejected with DISCONNECTED. */
  close(): void;
}

export function createCoreHub({ connection, standing, context, on, reconnect, close }: Session): CoreHub {
  return {
    interop: createInterop(connection, standing),
    contexts: createContexts(connection, standing),
    get me() {
      const { me, user, limits } = connection.ack();
      return { ...me, context: context(), user, limits };
    },
    on,
    reconnect,
    close,
  };
}
