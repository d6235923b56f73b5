import { h, iconButton } from "./h.js";

export interface Toast {
  readonly title: string;
  readonly text?: string;
  /** "error" stays until it is closed and is announced at once; others go after a while. */
  readonly kind?: "info" | "error";
  readonly action?: { readonly label: string; run(): void };
}

const shownMs = 7000;
const mostAtOnce = 4;

interface Shown {
  readonly element: HTMLElement;
  readonly count: HTMLElement;
  times: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Toasts tell what happened without taking the keyboard away. They lie in the top layer (popover), so that no
 * floating panel covers them; equal ones are counted instead of piled up.
 */
export class Toasts {
  readonly element = h("div", { class: "cf-toasts", popover: "manual" });
  // Live regions of their own: one inside of a popover that was hidden is not announced reliably.
  readonly regions = [h("div", { class: "cf-hidden", role: "status" }), h("div", { class: "cf-hidden", role: "alert" })] as const;
  readonly #shown = new Map<string, Shown>();

  constructor() {
    const hold = (): void => this.#shown.forEach((s) => clearTimeout(s.timer));
    const release = (): void => this.#shown.forEach((s, key) => this.#arm(key, s));
    this.element.addEventListener("pointerenter", hold);
    this.element.addEventListener("pointerleave", release);
    this.element.addEventListener("focusin", hold);
    this.element.addEventListener("focusout", release);
  }

  show(toast: Toast): void {
    const key = `${toast.kind ?? "info"}\n${toast.title}\n${toast.text ?? ""}`;
    const again = this.#shown.get(key);
    if (again) {
      again.times++;
      again.count.textContent = `×${again.times}`;
      again.count.hidden = false;
      this.#arm(key, again);
      return;
    }
    const [oldest] = this.#shown.keys();
    if (this.#shown.size >= mostAtOnce && oldest !== undefined) this.#close(oldest);
    const shown = this.#make(key, toast);
    this.#shown.set(key, shown);
    this.element.append(shown.element);
    if (!this.element.matches(":popover-open")) this.element.showPopover();
    this.regions[toast.kind === "error" ? 1 : 0].textContent = [toast.title, toast.text].filter(Boolean).join(". ");
    this.#arm(key, shown);
  }

  dispose(): void {
    for (const key of this.#shown.keys()) this.#close(key);
  }

  #make(key: string, { title, text, kind, action }: Toast): Shown {
    const count = h("span", { class: "cf-toast-count", hidden: true });
    const run = (): void => {
      this.#close(key);
      action?.run();
    };
    const element = h(
      "div",
      { class: "cf-toast" },
      h("span", { class: "cf-dot", "data-state": kind === "error" ? "failed" : "running", "aria-hidden": "true" }),
      h("div", { class: "cf-toast-text" }, h("strong", {}, title, " ", count), text !== undefined && h("span", {}, text)),
      action && h("button", { type: "button", class: "cf-button cf-small", on: { click: run } }, action.label),
      iconButton("close", "Dismiss", () => this.#close(key)),
    );
    if (kind === "error") element.dataset["stays"] = "";
    return { element, count, times: 1, timer: undefined };
  }

  #arm(key: string, shown: Shown): void {
    clearTimeout(shown.timer);
    if (shown.element.dataset["stays"] === undefined) shown.timer = setTimeout(() => this.#close(key), shownMs);
  }

  #close(key: string): void {
    const shown = this.#shown.get(key);
    if (!shown) return;
    clearTimeout(shown.timer);
    shown.element.remove();
    this.#shown.delete(key);
    if (this.#shown.size === 0 && this.element.matches(":popover-open")) this.element.hidePopover();
  }
}
