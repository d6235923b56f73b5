import { transfer } from "./body.js";
import { connectWindow, type ConnectOptions } from "./connect.js";
import { browserEnvironment } from "./environment.js";
import { CrossframeError } from "./errors.js";
import { fullHub, type Hub } from "./full.js";
import { connectPort } from "./index.js";

// The build for a script tag: the global "crossframe". A script tag usually names the hub's own copy, so that the
// script's origin is the hub's, and an app needs no configuration. It is known only while the script runs.
const { currentScript } = document;
const scriptOrigin = currentScript instanceof HTMLScriptElement ? new URL(currentScript.src).origin : undefined;

const connect = (options?: ConnectOptions): Promise<Hub> => connectWindow(fullHub, browserEnvironment(scriptOrigin), options);

Object.assign(window, { crossframe: { connect, connectPort, CrossframeError, transfer } });
