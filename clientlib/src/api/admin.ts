import {
  OpAuditEvent,
  OpAuditUnwatch,
  OpAuditWatch,
  OpPolicyGet,
  OpPolicySet,
  type AuditEvent,
  type Policy,
} from "@crossframe/protocol";
import type { Connection } from "../connection.js";
import { readHead } from "../messages.js";
import type { StandingRequests } from "../standing.js";

/** The lists that decide at the hub's door. Everything here needs the grant "admin". */
export interface PolicyRoom {
  get(): Promise<Policy>;
  /** Replaces the lists. Connections that they no longer admit end. */
  set(policy: Policy): Promise<void>;
}

/** The audit log as it happens. Needs the grant "admin". */
export interface Audit {
  /** Tells what is refused, revoked or abused from now on. Resolves with the function that ends it. */
  watch(listener: (event: AuditEvent) => void): Promise<() => Promise<void>>;
}

export function createPolicy({ request }: Connection): PolicyRoom {
  return {
    get: () => request({ op: OpPolicyGet }, (m) => readHead<Policy>(m)),
    set: (policy) => request({ op: OpPolicySet, head: policy }),
  };
}

export function createAudit({ route, start }: StandingRequests): Audit {
  route(OpAuditEvent);
  return {
    watch: (listener) =>
      start({
        ask: { op: OpAuditWatch },
        end: OpAuditUnwatch,
        what: "audit.watch",
        event: (m) => void listener(readHead<AuditEvent>(m)),
      }),
  };
}
