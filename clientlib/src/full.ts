import { createAudit, createPolicy, type Audit, type PolicyRoom } from "./api/admin.js";
import { createApps, type Apps } from "./api/apps.js";
import type { Kind } from "./connect.js";
import { createPlainHub, parts, type PlainHub } from "./plain.js";

/** A connected hub. */
export interface Hub extends PlainHub {
  readonly apps: Apps;
  readonly policy: PolicyRoom;
  readonly audit: Audit;
}

/** The hub with everything. */
export const fullHub: Kind<Hub> = {
  ...parts,
  furnish(session) {
    const { connection, standing } = session;
    // Not a copy: "me" is read anew each time.
    return Object.assign(createPlainHub(session), {
      apps: createApps(connection, standing),
      policy: createPolicy(connection),
      audit: createAudit(standing),
    });
  },
};
