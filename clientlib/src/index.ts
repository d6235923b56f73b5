import { connectChannel, connectWindow, type ConnectOptions, type NextPort } from "./connect.js";
import { browserEnvironment } from "./environment.js";
import { fullHub, type Hub } from "./full.js";
import type { SessionOptions } from "./session.js";

/** Connects this app to the hub of the page that holds it. */
export function connect(options?: ConnectOptions): Promise<Hub> {
  return connectWindow(fullHub, browserEnvironment(), options);
}

/**
 * Connects over a port whose other end the hub already has: for the main page, which needs no greeting. It is asked
 * for a port again whenever hub.reconnect is called.
 */
export function connectPort(port: NextPort, options?: SessionOptions): Promise<Hub> {
  return connectChannel(fullHub, port, options);
}

export { CrossframeError } from "./errors.js";
export { transfer } from "./body.js";
export type { Hub } from "./full.js";
export type { CoreHub, Me } from "./hub.js";
export type { PlainHub } from "./plain.js";
export type { Apps, AppsChange, StartOptions } from "./api/apps.js";
export type { Audit, PolicyRoom } from "./api/admin.js";
export type * from "./types.js";
