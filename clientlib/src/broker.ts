// The entry for programs that have no hub: a server in Node, or a page that stands alone. They speak to the broker over a
// WebSocket, and are one peer there: methods and shared contexts, with the same calls as in an app.
import type { Hello } from "@crossframe/protocol";
import { connectEntrance } from "./connect.js";
import { CrossframeError } from "./errors.js";
import { createPlainHub, parts, type PlainHub } from "./plain.js";
import type { SessionOptions } from "./session.js";
import { socketEntrance, type SocketClass } from "./socket.js";
import { library } from "./version.js";

export interface BrokerOptions extends SessionOptions {
  /** The address of the broker's WebSocket: "wss://desk.example.com/link". */
  readonly url: string;
  /** Proves who connects; a function is asked anew for each connection. */
  readonly token: string | (() => string | Promise<string>);
  /** What the program is called among its peers; "program" by default. */
  readonly app?: string | undefined;
  /** The WebSocket to use, where the platform has none: the package "ws" in Node before version 22. */
  readonly WebSocket?: SocketClass | undefined;
}

/** Connects a program to a broker. It connects again by itself for as long as it is not closed. */
export async function connectBroker({ url, token, app, WebSocket, ...options }: BrokerOptions): Promise<PlainHub> {
  const socketClass = WebSocket ?? (globalThis as { WebSocket?: unknown }).WebSocket;
  if (!socketClass) throw new CrossframeError("INVALID_ARGUMENT", "there is no WebSocket here: pass that of the package \"ws\" as WebSocket");
  const [hub, secret] = [randomId(), randomId()];
  const hello = async (): Promise<Hello> => ({
    versions: [1],
    kind: "program",
    hub,
    secret,
    library,
    token: typeof token === "string" ? token : await token(),
    ...(app && { app }),
  });
  return connectEntrance({ ...parts, furnish: createPlainHub }, socketEntrance(url, hello, socketClass as SocketClass), options);
}

function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export { CrossframeError } from "./errors.js";
export { transfer } from "./body.js";
export type { Socket, SocketClass } from "./socket.js";
export type { CoreHub, Me } from "./hub.js";
export type { PlainHub } from "./plain.js";
export type * from "./types.js";
