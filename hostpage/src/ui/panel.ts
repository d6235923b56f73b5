import type { Fault, FrameState } from "@crossframe/protocol";
import { fixFor } from "./faults.js";
import { h, icon } from "./h.js";
import type { Child } from "./h.js";

/** What people can ask for in a panel. */
export interface PanelActions {
  retry(): void;
  close(): void;
}

/** "waiting": the panel has its place from a saved layout, and no frame yet. */
export type PanelState = FrameState["state"] | "waiting";

/** A spinner that appears for a blink is noise; it waits this long, in milliseconds. */
const spinnerMs = 300;

/**
 * FramePanel is the content of one panel: the place where Frames puts the iframe, and above it an honest word on the
 * state of the connection. It never covers an app that works: connected shows nothing, and a card over an app that
 * loaded but did not connect can be put aside.
 */
export class FramePanel {
  readonly element: HTMLElement;
  readonly #title: string;
  readonly #actions: PanelActions;
  /** Both regions exist from the start; assistive technology announces only what changes inside of a known one. */
  readonly #status = h("div", { class: "cf-note", role: "status" });
  readonly #alert = h("div", { class: "cf-note", role: "alert" });
  #origin: string;
  #state: PanelState = "waiting";
  #reason: Fault | undefined;
  #loaded = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(title: string, actions: PanelActions) {
    this.#title = title;
    this.#actions = actions;
    this.#origin = "";
    this.element = h("div", { class: "cf-frame" }, this.#status, this.#alert);
    this.#render();
  }

  get state(): PanelState {
    return this.#state;
  }

  get origin(): string {
    return this.#origin;
  }

  get reason(): Fault | undefined {
    return this.#reason;
  }

  /** One line for a tooltip: what the tab's dot means. */
  get summary(): string {
    const words = labels[this.#state] ?? this.#state;
    return [this.#title, this.#origin, this.#reason ? `${words}: ${this.#reason.code}` : words].filter(Boolean).join("\n");
  }

  setOrigin(origin: string): void {
    this.#origin = origin;
    this.#render();
  }

  set(state: FrameState): void {
    this.#state = state.state;
    this.#reason = state.reason;
    this.#render();
  }

  /** The frame begins anew: nothing has loaded. */
  starting(): void {
    this.#loaded = false;
    this.set({ state: "loading" });
  }

  /** The app is asked for again and has no frame yet. */
  waiting(): void {
    this.#state = "waiting";
    this.#reason = undefined;
    this.#render();
  }

  /** A document loaded, which says nothing about whether it connects. */
  loaded(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    this.#render();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #render(): void {
    clearTimeout(this.#timer);
    this.element.dataset["state"] = this.#state;
    this.element.toggleAttribute("data-loaded", this.#loaded);
    this.#status.replaceChildren();
    this.#alert.replaceChildren();
    if (this.#state === "waiting" || this.#state === "loading") {
      this.#timer = setTimeout(() => this.#status.replaceChildren(this.#progress()), spinnerMs);
    } else if (this.#state === "gone") {
      this.#status.replaceChildren(this.#strip("The app closed its connection.", "Reload", () => this.#actions.retry()));
    } else if (this.#state !== "connected") {
      this.#alert.replaceChildren(this.#card());
    }
    for (const listener of this.#listeners) listener();
  }

  #progress(): HTMLElement {
    if (this.#loaded) return h("div", { class: "cf-connecting" }, h("span", { class: "cf-hidden" }, `${this.#title} is connecting`));
    const words = this.#state === "waiting" ? `Waiting to start ${this.#title}` : `Loading ${this.#title}`;
    return h(
      "div",
      { class: "cf-cover" },
      h("span", { class: "cf-spinner", "aria-hidden": "true" }),
      h("p", { class: "cf-cover-title" }, words),
      this.#origin !== "" && h("p", { class: "cf-cover-origin" }, this.#origin),
    );
  }

  #card(): HTMLElement {
    const reason = this.#reason ?? { code: "APP_FAILED", message: "the app did not start" };
    const refused = this.#state === "refused";
    const heading = refused ? `${this.#title} was not admitted` : `${this.#title} did not start`;
    return h(
      "div",
      { class: "cf-cover" },
      h(
        "div",
        { class: "cf-card" },
        h("h2", {}, h("span", { class: "cf-dot", "data-state": this.#state, "aria-hidden": "true" }), heading),
        h("p", { class: "cf-card-code" }, h("code", {}, reason.code), this.#origin !== "" && h("span", {}, this.#origin)),
        h("p", {}, sentence(reason.message)),
        h("p", { class: "cf-card-fix" }, h("strong", {}, "What to do. "), fixFor(reason, this.#origin, location.origin)),
        h("div", { class: "cf-row" }, ...this.#buttons(refused)),
      ),
    );
  }

  #buttons(refused: boolean): Child[] {
    return [
      h("button", { type: "button", class: "cf-button cf-primary", on: { click: () => this.#actions.retry() } }, icon("reload"), "Retry"),
      this.#loaded &&
        h("button", { type: "button", class: "cf-button", on: { click: () => this.#putAside(refused) } }, "Show the page"),
      h("button", { type: "button", class: "cf-button", on: { click: () => this.#actions.close() } }, "Close"),
    ];
  }

  /** Shows what loaded, with a strip that keeps saying that it is not connected. */
  #putAside(refused: boolean): void {
    const words = refused ? "Not admitted: the app runs without the hub." : "Not connected: the app runs without the hub.";
    this.#alert.replaceChildren(this.#strip(words, "Details", () => this.#render()));
  }

  #strip(words: string, action: string, act: () => void): HTMLElement {
    return h(
      "div",
      { class: "cf-strip" },
      h("span", {}, words),
      h("button", { type: "button", class: "cf-button cf-small", on: { click: act } }, action),
    );
  }
}

const labels: Readonly<Record<string, string>> = {
  waiting: "Waiting",
  loading: "Connecting",
  connected: "Connected",
  refused: "Not admitted",
  failed: "Failed",
  gone: "Disconnected",
};

function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed === "" ? "" : `${trimmed[0]?.toUpperCase()}${trimmed.slice(1)}${/[.!?]$/.test(trimmed) ? "" : "."}`;
}
