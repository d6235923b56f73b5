// The entry for apps that neither start other apps nor administer the platform: the same without hub.apps,
// hub.policy and hub.audit.
import { connectWindow, type ConnectOptions } from "./connect.js";
import { browserEnvironment } from "./environment.js";
import { createCoreHub, type CoreHub } from "./hub.js";

/** Connects this app to the hub of the page that holds it. */
export function connect(options?: ConnectOptions): Promise<CoreHub> {
  return connectWindow(createCoreHub, browserEnvironment(), options);
}

export { CrossframeError } from "./errors.js";
export { transfer } from "./body.js";
export type { CoreHub, Me } from "./hub.js";
export type * from "./types.js";
