import { portEntrance, windowEntrance, type Entrance } from "./entrance.js";
import type { Environment } from "./environment.js";
import { createSession, type Parts, type Session, type SessionOptions } from "./session.js";

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

/** Hands over one end of a channel whose other end the hub has. */
export type NextPort = () => MessagePort | Promise<MessagePort>;

/** A kind of hub: what its session is made of, and how the hub is made of the session. */
export interface Kind<H> extends Parts {
  /** Is called before the session starts, so that nothing arrives with nobody there to take it. */
  readonly furnish: (session: Session) => H;
}

/** Connects by an entrance. */
export async function connectEntrance<H>(kind: Kind<H>, entrance: Entrance, options: SessionOptions = {}): Promise<H> {
  const session = createSession(entrance, options, kind);
  const hub = kind.furnish(session);
  await session.start();
  return hub;
}

/** Connects an app in an environment to the hub of the page that holds it. */
export async function connectWindow<H>(kind: Kind<H>, environment: Environment, options: ConnectOptions = {}): Promise<H> {
  return connectEntrance(kind, windowEntrance(environment, options.app, options.hubOrigins), options);
}

/** Connects over a port whose other end the hub already has. */
export async function connectChannel<H>(kind: Kind<H>, next: NextPort, options: SessionOptions = {}): Promise<H> {
  return connectEntrance(kind, portEntrance(next), options);
}
