import { LinkConnected, LinkConnecting, LinkOffline, LinkRefused, LinkSignedOut, type Fault, type LinkState } from "@crossframe/protocol";
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
  /** How the hub stands with its broker; absent where it has none. */
  readonly broker?: LinkState;
}

const words: Readonly<Record<HubStatus["state"], string>> = {
  starting: "Starting",
  running: "Running",
  restarting: "Restarting",
  degraded: "Degraded",
  stopped: "Stopped",
};

const links: Readonly<Record<string, string>> = {
  [LinkConnecting]: "Connecting",
  [LinkConnected]: "Connected",
  [LinkOffline]: "Not reachable",
  [LinkSignedOut]: "Nobody is signed in",
  [LinkRefused]: "Refused",
};

/** States in which what is shared beyond the page waits. */
const away: readonly (string | undefined)[] = [LinkOffline, LinkSignedOut, LinkRefused];

/** Until when, where the page need not say why. */
const waits: Readonly<Record<string, string>> = { [LinkOffline]: "the broker is back", [LinkSignedOut]: "you have signed in" };

/** What the page says of the hub as a whole: one that runs without its broker is degraded. */
function shownState({ state, broker }: HubStatus): HubStatus["state"] {
  return state === "running" && away.includes(broker?.state) ? "degraded" : state;
}

const licenses: Readonly<Record<string, string>> = {
  development: "Development (no key needed here)",
  valid: "Valid",
  expiring: "Valid, expires soon",
  grace: "Expired, in its grace days",
  expired: "Expired",
  revoked: "Revoked",
};

/** States that last until a day. */
const lasting: Readonly<Record<string, string>> = { valid: "Valid", expiring: "Valid", grace: "Expired, grace days" };

function licenseFact({ license, licenseUntilMs }: HubStatus): string {
  if (license === undefined) return "–";
  if (licenseUntilMs !== undefined && Object.hasOwn(lasting, license)) return `${lasting[license]} until ${date(licenseUntilMs)}`;
  return licenses[license] ?? license;
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
    const state = shownState(status);
    this.element.dataset["state"] = state;
    this.#dot.dataset["state"] = state;
    this.#word.textContent = words[state];
    const restarts = status.restarts ?? 0;
    const facts: [string, string][] = [
      ["State", words[state]],
      ["Origin", status.origin ?? location.origin],
      ["Connections", status.peers === undefined ? "–" : String(status.peers)],
      ["Restarted", restarts === 0 ? "never" : restarts === 1 ? "once" : `${restarts} times`],
      ["License", licenseFact(status)],
    ];
    if (status.broker) facts.push(...brokerFacts(status.broker));
    if (status.version !== undefined) facts.push(["Version", status.version]);
    this.#list.replaceChildren(...facts.flatMap(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]));
    const notice = licenseNotice(status);
    this.licenseBar.set(notice);
    this.#license.textContent = notice?.word ?? "";
    this.#license.hidden = notice?.word === undefined;
    this.#notes.replaceChildren(
      ...(notice ? [h("p", {}, h("strong", {}, `${notice.title}.`), " ", notice.text)] : []),
      ...(status.fault ? [h("p", { class: "cf-fault" }, h("code", {}, status.fault.code), " ", status.fault.message)] : []),
      ...(status.broker ? brokerNotes(status.broker) : []),
      ...(status.warnings ?? []).map((w) => h("p", {}, w)),
    );
  }
}

function brokerFacts({ state, pending = 0, identity }: LinkState): [string, string][] {
  const facts: [string, string][] = [["Broker", links[state] ?? state]];
  if (identity) facts.push(["User", identity.user.id], ["Tenant", identity.tenant]);
  if (pending > 0) facts.push(["Waiting", pending === 1 ? "1 change" : `${pending} changes`]);
  return facts;
}

function brokerNotes({ state, fault }: LinkState): HTMLElement[] {
  const until = waits[state];
  if (until !== undefined) return [h("p", {}, `Apps of this page go on working together. What they share with others follows when ${until}.`)];
  return fault ? [h("p", { class: "cf-fault" }, h("code", {}, fault.code), " ", fault.message)] : [];
}
