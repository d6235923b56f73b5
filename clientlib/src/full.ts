import { createAudit, createPolicy, type Audit, type PolicyRoom } from "./api/admin.js";
import { createApps, type Apps } from "./api/apps.js";
import { createCoreHub, type CoreHub } from "./hub.js";
import type { Session } from "./session.js";

/** A connected hub. */
export interface Hub extends CoreHub {
  readonly apps: Apps;
  readonly policy: PolicyRoom;
  readonly audit: Audit;
}

export function createHub(session: Session): Hub {
  const { connection, standing } = session;
  return Object.assign(createCoreHub(session), {
    apps: createApps(connection, standing),
    policy: createPolicy(connection),
    audit: createAudit(standing),
  });
}
