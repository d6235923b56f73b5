/** An ordinary app with the client library as npm delivers it. It offers a method, and the tests use its hub. */
import { connect, CrossframeError, transfer, type Hub } from "@crossframe/client";

export interface Echo {
  /** A random id of this document: another one means that the page was loaded anew. */
  readonly boot: string;
  /** Settles when it is connected, or refused. */
  readonly connected: Promise<Hub>;
  /** Codes and messages of how it was refused, disconnected or closed. */
  readonly ends: string[];
  readonly connect: typeof connect;
  readonly transfer: typeof transfer;
  readonly CrossframeError: typeof CrossframeError;
  /** What was posted to this window. */
  readonly inbox: { readonly origin: string; readonly data: unknown }[];
}

declare global {
  interface Window {
    echo: Echo;
    /** The connected hub. */
    hub: Hub;
  }
}

const inbox: Echo["inbox"] = [];
addEventListener("message", ({ origin, data }) => inbox.push({ origin, data }));

const hubOrigin = document.querySelector<HTMLMetaElement>('meta[name="crossframe-hub"]')?.content ?? "";
const ends: string[] = [];
const connected = join();
connected.catch((error: CrossframeError) => ends.push(error.code));
window.echo = { boot: Math.random().toString(36).slice(2), connected, ends, connect, transfer, CrossframeError, inbox };

async function join(): Promise<Hub> {
  const hub = await connect({ app: "echo", hubOrigins: [hubOrigin] });
  window.hub = hub;
  hub.on("disconnected", ({ code }) => ends.push(code));
  hub.on("closed", ({ code }) => ends.push(`closed: ${code}`));
  await hub.interop.register("echo", (args, call) => ({ args, caller: call.caller.app, from: hub.me.instance }));
  await hub.interop.register(`${hub.me.app}.echo`, (args, call) => ({ args, caller: call.caller.app, from: hub.me.instance }));
  return hub;
}
