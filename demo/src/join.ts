/** Joins the hub around the page, and keeps the status strip true from then on. */
import { connect, CrossframeError, type Hub } from "@crossframe/client";
import { showState } from "./status.js";

/** isAlone says that there is no hub here that the app trusts. Then it works on by itself: that is no failure. */
export function isAlone({ code }: CrossframeError): boolean {
  return code === "HUB_NOT_FOUND" || code === "HUB_UNTRUSTED" || code === "HANDSHAKE_TIMEOUT";
}

/** join returns the connection; undefined where there is no hub, or where the hub refused the app. */
export async function join(app: string): Promise<Hub | undefined> {
  showState("connecting", "connecting…");
  try {
    const hub = await connect({ app, ...hubOrigins() });
    watch(hub);
    return hub;
  } catch (error) {
    if (!(error instanceof CrossframeError)) throw error;
    if (isAlone(error)) showState("alone", `no hub: this app runs by itself (${error.code})`);
    else showState("ended", `refused: ${error.code}: ${error.message}`);
    return undefined;
  }
}

/**
 * hubOrigins returns the hubs that this app trusts, as the server of its page wrote them into the page. Without them
 * the library trusts hubs on this machine only, which is what a developer needs.
 */
export function hubOrigins(): { hubOrigins?: string[] } {
  const content = document.querySelector<HTMLMetaElement>('meta[name="crossframe-hub"]')?.content ?? "";
  const origins = content.split(/\s+/).filter((origin) => /^https?:/.test(origin));
  return origins.length > 0 ? { hubOrigins: origins } : {};
}

function watch(hub: Hub): void {
  showState("connected", `connected as ${hub.me.instance}`);
  hub.on("disconnected", ({ message }) => showState("disconnected", `disconnected: ${message}`));
  // Methods and subscriptions are back by themselves, but for those that the hub did not grant again.
  hub.on("reconnected", ({ lost }) => {
    const without = lost.length > 0 ? `, without ${lost.map(({ what }) => what).join(", ")}` : "";
    showState("connected", `reconnected as ${hub.me.instance}${without}`);
  });
  hub.on("closed", ({ code, message }) => showState("ended", `connection ended: ${code}: ${message}`));
}
