import type { Command } from "../launcher/command.js";
import { paletteKeys } from "./commands.js";
import { h, icon } from "./h.js";

const mostApps = 6;

/** What an empty workspace shows: how to begin, and the apps there are. */
export class EmptyState {
  readonly element: HTMLElement;
  readonly #apps = h("div", { class: "cf-empty-apps" });

  constructor(addApp: () => void) {
    this.element = h(
      "section",
      { class: "cf-empty", "aria-labelledby": "cf-empty-title" },
      h("h2", { id: "cf-empty-title" }, "Put your first apps side by side"),
      h("p", {}, "Apps keep their own origin and their own team. Here they call each other and share what you are working on."),
      h(
        "div",
        { class: "cf-row" },
        h("button", { type: "button", class: "cf-button cf-primary", on: { click: addApp } }, icon("add"), "Add app"),
      ),
      this.#apps,
      h(
        "ul",
        { class: "cf-hints" },
        h("li", {}, h("kbd", {}, paletteKeys.shown), " finds every app and every command"),
        h("li", {}, "Drag a tab to an edge to split, onto other tabs to stack; apps never reload"),
        h("li", {}, h("kbd", {}, "F6"), " goes from group to group, ", h("kbd", {}, "?"), " lists all keys"),
      ),
    );
  }

  setApps(apps: readonly Command[]): void {
    this.#apps.replaceChildren(
      ...apps.slice(0, mostApps).map((app) =>
        h(
          "button",
          { type: "button", class: "cf-empty-app", on: { click: () => app.run() } },
          icon("app"),
          h("span", { class: "cf-empty-app-title" }, app.title),
          h("span", { class: "cf-empty-app-origin" }, app.detail ?? ""),
        ),
      ),
    );
  }
}
