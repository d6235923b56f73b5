/** The strip at the foot of each app: is it connected, and what did it last do for whom? */
import { CrossframeError } from "@crossframe/client";
import { byId, make } from "./dom.js";

/** "ended" is final: refused, or connected once and not any more. After "disconnected" the library tries again. */
export type State = "connecting" | "connected" | "alone" | "disconnected" | "ended";

const strip = byId("status", HTMLElement);
const stateText = make("span", { role: "status" });
const activityText = make("span", { className: "activity" });
strip.append(stateText, activityText);

/** showState says how the app stands with its hub. */
export function showState(state: State, text: string): void {
  strip.dataset["state"] = state;
  stateText.textContent = text;
}

/** showActivity says what the app did last, such as answering a call. */
export function showActivity(text: string): void {
  activityText.textContent = text;
}

/** showError says why something was not done. Use it as the last .catch of whatever nobody waits for. */
export function showError(error: unknown): void {
  showActivity(textOf(error));
}

/** textOf returns an error's code, if it has one, and its message. */
export function textOf(error: unknown): string {
  if (error instanceof CrossframeError) return `${error.code}: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
