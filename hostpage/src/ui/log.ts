import type { AuditEvent } from "@crossframe/protocol";
import { h, iconButton } from "./h.js";

/** One line of the connection log. */
export interface LogLine {
  readonly timeMs: number;
  /** A code of the protocol, or the state that a frame came into. */
  readonly code: string;
  readonly app: string;
  readonly origin: string;
  readonly text: string;
  readonly grave: boolean;
}

const mostLines = 500;

/**
 * ConnectionLog is the drawer at the right: what was refused, revoked or dropped (from the hub's audit events), and
 * the states that frames went through. It is a window on the present page; the audit log proper is the hub's.
 */
export class ConnectionLog {
  readonly element: HTMLElement;
  readonly #rows = h("ol", { class: "cf-log-rows", tabindex: 0, "aria-label": "Events, newest first" });
  readonly #empty = h("p", { class: "cf-log-empty" }, "Nothing was refused, revoked or dropped so far.");

  constructor() {
    this.element = h(
      "aside",
      { class: "cf-drawer", popover: "manual", "aria-label": "Connection log" },
      h(
        "header",
        { class: "cf-drawer-head" },
        h("h2", {}, "Connection log"),
        iconButton("close", "Close the connection log", () => this.element.hidePopover()),
      ),
      this.#empty,
      this.#rows,
    );
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.element.hidePopover();
    });
  }

  audit(event: AuditEvent): void {
    this.add({
      timeMs: event.timeMs,
      code: event.code,
      app: event.app ?? "",
      origin: event.origin ?? "",
      text: event.dropped ? `${event.dropped} more like it were not told` : "",
      grave: true,
    });
  }

  add(line: LogLine): void {
    this.#empty.hidden = true;
    const time = new Date(line.timeMs);
    this.#rows.prepend(
      h(
        "li",
        { class: line.grave ? "cf-log-row cf-grave" : "cf-log-row" },
        h("time", { datetime: time.toISOString() }, time.toLocaleTimeString(undefined, { hour12: false })),
        h("span", { class: "cf-log-code" }, line.code),
        h("span", { class: "cf-log-what" }, [line.app, line.text].filter(Boolean).join(" · ")),
        line.origin !== "" && h("span", { class: "cf-log-origin" }, line.origin),
      ),
    );
    while (this.#rows.childElementCount > mostLines) this.#rows.lastElementChild?.remove();
  }

  show(): void {
    if (!this.#open) this.element.showPopover();
    this.element.querySelector("button")?.focus();
  }

  toggle(): void {
    if (this.#open) this.element.hidePopover();
    else this.show();
  }

  get #open(): boolean {
    return this.element.matches(":popover-open");
  }
}
