import type { Limits, PeerInfo, User } from "@crossframe/protocol";
import { createCoreContexts, type CoreContexts } from "./api/contexts.js";
import { createCoreInterop, type CoreInterop } from "./api/interop.js";
import type { Session, SessionEvents } from "./session.js";

/** Who this app is, as the hub sees it. */
export interface Me extends PeerInfo {
  /** What the app was started with. */
  readonly context: unknown;
  /** The person at the desk, where this app may know. */
  readonly user: User | undefined;
  readonly limits: Limits;
}

/** A connected hub, with what every app needs of it. */
export interface CoreHub {
  readonly interop: CoreInterop;
  readonly contexts: CoreContexts;
  readonly me: Me;
  /** Listens to the life of the connection. Returns the function that stops it. */
  on<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): () => void;
  /** Closes the connection for good. Calls that still wait are rejected with DISCONNECTED. */
  close(): void;
}

export function createCoreHub(session: Session): CoreHub {
  const { connection, standing, on, close } = session;
  return withMe(session, {
    interop: createCoreInterop(connection, standing),
    contexts: createCoreContexts(connection, standing),
    on,
    close,
  });
}

/** Adds who this app is, as the hub last said. */
export function withMe<H extends object>(session: Session, hub: H): H & Pick<CoreHub, "me"> {
  const get = (): Me => {
    const { me, user, limits } = session.connection.ack();
    return { ...me, context: session.context(), user, limits };
  };
  return Object.defineProperty(hub, "me", { get, enumerable: true }) as H & Pick<CoreHub, "me">;
}
