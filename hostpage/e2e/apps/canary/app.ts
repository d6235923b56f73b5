/**
 * A healthy app: while others misbehave, two of these call each other through the hub without a pause, and share a
 * secret that nobody else may come to know.
 */
import { connect, type CrossframeError, type Hub } from "@crossframe/client";

export interface Canary {
  /** Calls answered. */
  calls: number;
  /** Codes of calls that failed. */
  readonly errors: string[];
  /** The longest that a call took since the last look, in milliseconds. */
  slowest: number;
  readonly hub: Hub;
}

declare global {
  interface Window {
    canary?: Canary;
  }
}

const hubOrigin = document.querySelector<HTMLMetaElement>('meta[name="crossframe-hub"]')?.content ?? "";
const pauseMs = 20;

const hub = await connect({ hubOrigins: [hubOrigin] });
const other = hub.me.app === "canary-a" ? "canary-b" : "canary-a";
const state: Canary = { calls: 0, errors: [], slowest: 0, hub };
await hub.interop.register(`canary.${hub.me.app}`, (args) => ({ heard: args }));
await hub.contexts.update("canary.secret", { [hub.me.app]: hub.me.user?.email });
await hub.interop.waitFor(`canary.${other}`);
window.canary = state;

for (let n = 1; ; n++) {
  const from = performance.now();
  try {
    const answer = await hub.interop.invoke<{ heard: { n: number } }>(`canary.${other}`, { n }, { timeout: 10_000 });
    if (answer.heard.n === n) state.calls++;
    else state.errors.push(`answer ${answer.heard.n} for ${n}`);
  } catch (error) {
    state.errors.push((error as CrossframeError).code);
  }
  state.slowest = Math.max(state.slowest, performance.now() - from);
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
}
