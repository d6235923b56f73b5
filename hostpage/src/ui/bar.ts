import type { User } from "@crossframe/protocol";
import { paletteKeys } from "./commands.js";
import { h, icon, iconButton } from "./h.js";
import type { StatusButton } from "./status.js";
import type { Theme } from "./theme.js";

export interface BarActions {
  addApp(): void;
  showPalette(): void;
  toggleLog(): void;
  nextTheme(): void;
  showShortcuts(): void;
  changeUser(): void;
}

/** What a user is called on the page. */
export function nameOf({ id, firstName, lastName }: User): string {
  return [firstName, lastName].filter(Boolean).join(" ") || id;
}

/** The bar on top: what the platform is called, how to open apps, and how the hub does. */
export class Bar {
  readonly element: HTMLElement;
  readonly #title = h("span", {});
  readonly #theme: HTMLButtonElement;
  readonly #user: HTMLButtonElement;
  readonly #userName = h("span", {});

  constructor(status: StatusButton, actions: BarActions) {
    this.#user = h(
      "button",
      { type: "button", class: "cf-barbutton", title: "Use this tab as another development user", on: { click: () => actions.changeUser() } },
      icon("user"),
      h("span", { class: "cf-hidden" }, "Development user: "),
      this.#userName,
    );
    this.#user.hidden = true;
    this.#theme = iconButton("theme", "Theme", () => actions.nextTheme());
    const search = h(
      "button",
      { type: "button", class: "cf-search", on: { click: () => actions.showPalette() } },
      icon("search"),
      h("span", {}, "Search apps and commands"),
      h("kbd", { "aria-hidden": "true" }, paletteKeys.shown),
    );
    this.element = h(
      "header",
      { class: "cf-bar" },
      h("h1", { class: "cf-brand" }, h("span", { class: "cf-mark", "aria-hidden": "true" }), this.#title),
      h("button", { type: "button", class: "cf-button cf-add", on: { click: () => actions.addApp() } }, icon("add"), "Add app"),
      search,
      this.#user,
      status.element,
      h(
        "div",
        { class: "cf-actions" },
        iconButton("log", "Connection log", () => actions.toggleLog()),
        this.#theme,
        iconButton("help", "Keyboard shortcuts (?)", () => actions.showShortcuts()),
      ),
    );
  }

  setTitle(title: string): void {
    this.#title.textContent = title;
    document.title = title;
  }

  /** Shows whom a developer uses the page as. */
  setUser(user: User | undefined): void {
    this.#user.hidden = user === undefined;
    this.#userName.textContent = user ? nameOf(user) : "";
  }

  setTheme(theme: Theme): void {
    const label = `Theme: ${theme}`;
    this.#theme.title = label;
    this.#theme.setAttribute("aria-label", label);
  }
}
