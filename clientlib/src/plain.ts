import { createInterop, type Interop } from "./api/discovery.js";
import { createContexts, type Contexts } from "./api/patches.js";
import type { Kind } from "./connect.js";
import { withMe, type CoreHub } from "./hub.js";
import { createPacer } from "./pacing.js";
import { createRecovery } from "./recovery.js";
import type { Session } from "./session.js";

/** A connected hub, with all there is of methods and contexts. */
export interface PlainHub extends CoreHub {
  readonly interop: Interop;
  readonly contexts: Contexts;
  /** Gives the connection up and makes a new one; "reconnected" tells when it is there. */
  reconnect(): void;
}

export function createPlainHub(session: Session): PlainHub {
  const { connection, standing, on, close, reconnect } = session;
  return withMe(session, {
    interop: createInterop(connection, standing),
    contexts: createContexts(connection, standing),
    on,
    close,
    reconnect,
  });
}

/** What every session has but that of the core: it keeps to the limits, and comes back. */
export const parts = { pacing: createPacer, recovery: createRecovery } satisfies Partial<Kind<unknown>>;
