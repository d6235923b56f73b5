/**
 * The clock that tells whether the page was loaded anew. Its time and its boot number belong to the document: they
 * begin afresh when the document does, and never otherwise.
 */
import { byId } from "../dom.js";

/** startClock shows how long the document has been running, every second. */
export function startClock(): void {
  const clock = byId("clock", HTMLElement);
  // performance.now counts from the beginning of the document, also while a hidden tab's timers sleep.
  const tick = (): void => {
    clock.textContent = asTime(Math.floor(performance.now() / 1000));
  };
  const [number = 0] = crypto.getRandomValues(new Uint16Array(1));
  byId("boot", HTMLElement).textContent = `#${number.toString(16).padStart(4, "0")}`;
  setInterval(tick, 1000);
  tick();
}

function asTime(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
