import { connectIn, type ConnectOptions, type Hub } from "./connect.js";
import { browserEnvironment } from "./environment.js";

// The build for a script tag: the global "crossframe". A script tag usually names the hub's own copy, so that the
// script's origin is the hub's, and an app needs no configuration. It is known only while the script runs.
const { currentScript } = document;
const scriptOrigin = currentScript instanceof HTMLScriptElement ? new URL(currentScript.src).origin : undefined;

export { connectPort } from "./connect.js";
export { CrossframeError } from "./errors.js";
export { transfer } from "./body.js";

/** Connects this app to the hub of the page that holds it. */
export async function connect(options: ConnectOptions = {}): Promise<Hub> {
  return connectIn(browserEnvironment(scriptOrigin), options);
}
