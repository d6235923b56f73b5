import { OpAuditEvent, OpAuditWatch, OpPolicyGet, OpPolicySet, type AuditEvent, type Policy } from "@crossframe/protocol";
import type { Connection } from "../connection.js";
import { readHead } from "../messages.js";
import type { StandingRequests } from "../standing.js";

/** The lists that decide at the hub's door. Everything here needs the grant "admin". */
export class PolicyRoom {
  readonly #connection: Connection;

  /** @internal */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get(): Promise<Policy> {
    return this.#connection.request({ op: OpPolicyGet }, (m) => readHead<Policy>(m));
  }

  /** Replaces the lists. Connections that they no longer admit end. */
  set(policy: Policy): Promise<void> {
    return this.#connection.request({ op: OpPolicySet, head: policy }, () => {});
  }
}

/** The audit log as it happens. Needs the grant "admin". */
export class Audit {
  readonly #standing: StandingRequests;
  readonly #listeners = new Set<(event: AuditEvent) => void>();
  #started: Promise<unknown> | undefined;

  /** @internal */
  constructor(standing: StandingRequests) {
    this.#standing = standing;
    standing.route(OpAuditEvent);
  }

  /** Tells what is refused, revoked or abused from now on. Resolves with the function that ends it. */
  async watch(listener: (event: AuditEvent) => void): Promise<() => void> {
    // The hub tells until the connection ends, so there is one watch for all listeners.
    this.#started ??= this.#standing.start({
      ask: { op: OpAuditWatch },
      what: "audit.watch",
      first: () => {},
      event: (m) => this.#listeners.forEach((tell) => tell(readHead<AuditEvent>(m))),
      lost: () => (this.#started = undefined),
    });
    try {
      await this.#started;
    } catch (error) {
      this.#started = undefined;
      throw error;
    }
    const entry = (event: AuditEvent) => listener(event);
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }
}
