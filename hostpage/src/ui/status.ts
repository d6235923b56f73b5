import type { Fault } from "@crossframe/protocol";
import { h } from "./h.js";
import { date, licenseNotice } from "./license.js";
import { LicenseBar } from "./licensebar.js";

/** What the runtime tells of the hub. */
export interface HubStatus {
  /**
   * "degraded": it runs, and something that people should know of does not (a warning, the broker away).
   * "stopped": it does not run and will not by itself; `fault` says why.
   */
  readonly state: "starting" | "running" | "restarting" | "degraded" | "stopped";
  /** How often the Go program was started anew under this page. */
  readonly restarts?: number;
  /** "development", "valid", "expiring", "grace", "expired" or "revoked". */
  readonly license?: string;
  /** When that changes, in milliseconds since 1970; see BootResult. */
  readonly licenseUntilMs?: number;
  /** What time it is, by the clock that the license is judged by. */
  readonly nowMs?: number;
  readonly origin?: string;
  /** How many connections there are, the main page not counted. */
  readonly peers?: number;
  readonly warnings?: readonly string[];
  readonly fault?: Fault;
  readonly version?: string;
}

const words: Readonly<Record<HubStatus["state"], string>> = {
  starting: "Starting",
  running: "Running",
  restarting: "Restarting",
  degraded: "Degraded",
  stopped: "Stopped",
};

const licenses: Readonly<Record<string, string>> = {
  development: "Development (no key needed here)",
  valid: "Valid",
  expiring: "Valid, expires soon",
  grace: "Expired, in its grace days",
  expired: "Expired",
  revoked: "Revoked",
};

function licenseFact({ license, licenseUntilMs }: HubStatus): string {
  if (license === undefined) return "–";
  const word = licenses[license] ?? license;
  return license === "revoked" || licenseUntilMs === undefined ? word : `${word} (until ${date(licenseUntilMs)})`;
}

/** StatusButton is the word on the hub in the bar, and the popover that says more. */
export class StatusButton {
  readonly element: HTMLElement;
  readonly popover: HTMLElement;
  readonly #dot = h("span", { class: "cf-dot", "aria-hidden": "true" });
  readonly #word = h("span", {});
  readonly #license = h("span", { class: "cf-licenseword", hidden: true });
  /** Says under the bar what is wrong with the license. */
  readonly licenseBar = new LicenseBar();
  readonly #list = h("dl", { class: "cf-facts" });
  readonly #notes = h("div", { class: "cf-notes" });
  #status: HubStatus = { state: "starting" };

  constructor() {
    this.popover = h(
      "div",
      { class: "cf-popover", id: "cf-status", popover: "auto", role: "dialog", "aria-label": "Hub" },
      h("h2", {}, "Hub"),
      this.#list,
      this.#notes,
    );
    this.element = h(
      "button",
      { type: "button", class: "cf-barbutton cf-status", popovertarget: "cf-status", title: "State of the hub" },
      this.#dot,
      h("span", { class: "cf-hidden" }, "Hub: "),
      this.#word,
      this.#license,
    );
    this.set(this.#status);
  }

  get status(): HubStatus {
    return this.#status;
  }

  set(status: HubStatus): void {
    this.#status = status;
    this.element.dataset["state"] = status.state;
    this.#dot.dataset["state"] = status.state;
    this.#word.textContent = words[status.state];
    const restarts = status.restarts ?? 0;
    const facts: [string, string][] = [
      ["State", words[status.state]],
      ["Origin", status.origin ?? location.origin],
      ["Connections", status.peers === undefined ? "–" : String(status.peers)],
      ["Restarted", restarts === 0 ? "never" : restarts === 1 ? "once" : `${restarts} times`],
      ["License", licenseFact(status)],
    ];
    if (status.version !== undefined) facts.push(["Version", status.version]);
    this.#list.replaceChildren(...facts.flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));
    const notice = licenseNotice(status);
    this.licenseBar.set(notice);
    this.#license.textContent = notice?.word ?? "";
    this.#license.hidden = notice?.word === undefined;
    this.#notes.replaceChildren(
      ...(notice ? [h("p", {}, h("strong", {}, notice.title), " ", notice.text)] : []),
      ...(status.fault ? [h("p", { class: "cf-fault" }, h("code", {}, status.fault.code), " ", status.fault.message)] : []),
      ...(status.warnings ?? []).map((w) => h("p", {}, w)),
    );
  }
}
