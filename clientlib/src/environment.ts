import type { Surroundings } from "./origins.js";

/** The part of a window that a greeting is posted to. */
export interface HubWindow {
  postMessage(message: unknown, targetOrigin: string, transfer: Transferable[]): void;
}

/** What connecting needs of a browser. */
export interface Environment extends Surroundings {
  /** The main page's window; absent where the app is in neither a frame nor an opened window. */
  readonly hubWindow: HubWindow | undefined;
  /** Where the messages of other windows and the events of the page's life arrive. */
  readonly events: Pick<EventTarget, "addEventListener">;
  /** Whether the page's load event is over. */
  loaded(): boolean;
}

/** Reads the environment of this page. */
export function browserEnvironment(scriptOrigin?: string): Environment {
  const framed = window.top !== window;
  const ancestors = window.location.ancestorOrigins;
  // The referrer of a frame is the page around it, which is the hub's only where nothing is between them.
  const direct = !framed || window.parent === window.top;
  return {
    hubWindow: (framed ? window.top : (window.opener as HubWindow | null)) ?? undefined,
    hubOrigin: framed ? ancestors?.[ancestors.length - 1] : undefined,
    hint: direct && URL.canParse(document.referrer) ? new URL(document.referrer).origin : undefined,
    scriptOrigin,
    ownOrigin: window.location.origin,
    events: window,
    loaded: () => performance.getEntriesByType("navigation").some((entry) => (entry as PerformanceNavigationTiming).loadEventEnd > 0),
  };
}
