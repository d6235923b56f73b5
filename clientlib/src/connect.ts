import { portEntrance, windowEntrance, type Entrance } from "./entrance.js";
import type { Environment } from "./environment.js";
import { createSession, type Session, type SessionOptions } from "./session.js";

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

/** Makes a hub of a session before it starts, so that nothing arrives with nobody there to take it. */
type Furnish<H> = (session: Session) => H;

/** Connects by an entrance. */
export async function connectEntrance<H>(furnish: Furnish<H>, entrance: Entrance, options: SessionOptions = {}): Promise<H> {
  const session = createSession(entrance, options);
  const hub = furnish(session);
  await session.start();
  return hub;
}

/** Connects an app in an environment to the hub of the page that holds it. */
export async function connectWindow<H>(furnish: Furnish<H>, environment: Environment, options: ConnectOptions = {}): Promise<H> {
  return connectEntrance(furnish, windowEntrance(environment, options.app, options.hubOrigins), options);
}

/** Connects over a port whose other end the hub already has. */
export async function connectChannel<H>(furnish: Furnish<H>, next: NextPort, options: SessionOptions = {}): Promise<H> {
  return connectEntrance(furnish, portEntrance(next), options);
}
