import type { Limits, PeerInfo, User } from "@crossframe/protocol";
import { Audit, PolicyRoom } from "./api/admin.js";
import { Apps } from "./api/apps.js";
import { Contexts } from "./api/contexts.js";
import { Interop } from "./api/interop.js";
import { PortEntrance, WindowEntrance, type Entrance } from "./entrance.js";
import { browserEnvironment, type Environment } from "./environment.js";
import { Session, type SessionEvents, type SessionOptions } from "./session.js";
import { StandingRequests } from "./standing.js";

export interface ConnectOptions extends SessionOptions {
  /** The name that the app believes to have. The hub decides the real one; this explains a refusal. */
  readonly app?: string | undefined;
  /**
   * The exact origins of the pages that this app trusts as its hub, such as "https://desk.example.com". If absent,
   * the origin that this library's script came from, where a script tag loaded it. An app on localhost takes a hub
   * on localhost, too.
   */
  readonly hubOrigins?: readonly string[] | undefined;
}

/** Who this app is, as the hub sees it. */
export interface Me extends PeerInfo {
  /** What the app was started with. */
  readonly context: unknown;
  /** The person at the desk, where this app may know. */
  readonly user: User | undefined;
  readonly limits: Limits;
}

/** A connected hub. */
export class Hub {
  readonly interop: Interop;
  readonly contexts: Contexts;
  readonly apps: Apps;
  readonly policy: PolicyRoom;
  readonly audit: Audit;
  readonly #session: Session;

  /** @internal */
  constructor(session: Session) {
    const { connection } = session;
    const standing = new StandingRequests(connection);
    this.#session = session;
    this.interop = new Interop(connection, standing);
    this.contexts = new Contexts(connection, standing);
    this.apps = new Apps(connection, standing);
    this.policy = new PolicyRoom(connection);
    this.audit = new Audit(standing);
  }

  get me(): Me {
    const { ack } = this.#session.connection;
    return { ...ack.me, context: this.#session.context, user: ack.user, limits: ack.limits };
  }

  /** Listens to the life of the connection. Returns the function that stops it. */
  on<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): () => void {
    return this.#session.on(event, listener);
  }

  /** Gives the connection up and makes a new one; "reconnected" tells when it is there. */
  reconnect(): void {
    this.#session.reconnect();
  }

  /** Closes the connection for good. Calls that still wait are rejected with DISCONNECTED. */
  close(): void {
    this.#session.close();
  }
}

/** Connects this app to the hub of the page that holds it. */
export function connect(options: ConnectOptions = {}): Promise<Hub> {
  return connectIn(browserEnvironment(), options);
}

/** Connects in a given environment. */
export async function connectIn(environment: Environment, options: ConnectOptions): Promise<Hub> {
  return enter(new WindowEntrance(environment, options.app, options.hubOrigins), options);
}

/**
 * Connects over a port whose other end the hub already has: for the main page, which needs no greeting. It is asked
 * for a port again whenever hub.reconnect is called.
 */
export async function connectPort(port: () => MessagePort | Promise<MessagePort>, options: SessionOptions = {}): Promise<Hub> {
  return enter(new PortEntrance(port), options);
}

async function enter(entrance: Entrance, options: SessionOptions): Promise<Hub> {
  const session = new Session(entrance, options);
  const hub = new Hub(session);
  await session.start();
  return hub;
}
