// The entry for apps that offer and call methods and share contexts, and no more. It lacks hub.apps, hub.policy and
// hub.audit; finding methods and calling many at once; patches of contexts (those of others are followed all the same);
// and, unless an app passes them, to keep to the hub's limits and to come back after a loss.
import { connectWindow, type ConnectOptions, type Kind } from "./connect.js";
import { browserEnvironment } from "./environment.js";
import { createCoreHub, type CoreHub } from "./hub.js";

/** Parts that an app may add to the core. A bundler leaves out what is not imported. */
export type Parts = Omit<Kind<CoreHub>, "furnish">;

/** Connects this app to the hub of the page that holds it: connect({ hubOrigins }, { pacing, recovery }). */
export function connect(options?: ConnectOptions, parts?: Parts): Promise<CoreHub> {
  return connectWindow({ ...parts, furnish: createCoreHub }, browserEnvironment(), options);
}

export { createPacer as pacing } from "./pacing.js";
export { createRecovery as recovery } from "./recovery.js";
export { CrossframeError } from "./errors.js";
export { transfer } from "./body.js";
export type { CoreHub, Me } from "./hub.js";
export type * from "./types.js";
