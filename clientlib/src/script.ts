import { connectWindow, type ConnectOptions } from "./connect.js";
import { browserEnvironment } from "./environment.js";
import { createHub, type Hub } from "./full.js";

// The build for a script tag: the global "crossframe". A script tag usually names the hub's own copy, so that the
// script's origin is the hub's, and an app needs no configuration. It is known only while the script runs.
const { currentScript } = document;
const scriptOrigin = currentScript instanceof HTMLScriptElement ? new URL(currentScript.src).origin : undefined;

/** Connects this app to the hub of the page that holds it. */
export function connect(options?: ConnectOptions): Promise<Hub> {
  return connectWindow(createHub, browserEnvironment(scriptOrigin), options);
}

export { connectPort } from "./index.js";
export { CrossframeError } from "./errors.js";
export { transfer } from "./body.js";
