import { tinykeys } from "tinykeys";
import type { Command } from "../launcher/command.js";
import { h, iconButton } from "./h.js";

/** Listens for the keys of the commands; returns how to stop. Keys typed into a frame never get here. */
export function bindShortcuts(commands: readonly Command[]): () => void {
  const bindings = commands.flatMap(({ keys, when, run }): [string, (event: KeyboardEvent) => void][] => {
    if (!keys) return [];
    const press = (event: KeyboardEvent): void => {
      if (document.querySelector("dialog[open]") || !(when?.() ?? true)) return;
      event.preventDefault();
      run();
    };
    return [[keys.binding, press]];
  });
  return tinykeys(window, Object.fromEntries(bindings));
}

/** The list of keys, as a dialog. */
export function shortcutDialog(commands: readonly Command[]): HTMLDialogElement {
  const rows = [
    ...commands.flatMap((c) => (c.keys ? [[c.title, c.keys.shown] as const] : [])),
    ["On a tab: neighbouring tab", "← →"] as const,
    ["On a tab: put the keyboard into the app", "Enter"] as const,
    ["On a tab: close it", "Delete"] as const,
  ];
  const dialog: HTMLDialogElement = h(
    "dialog",
    { class: "cf-dialog", "aria-labelledby": "cf-shortcuts-title" },
    h(
      "header",
      { class: "cf-drawer-head" },
      h("h2", { id: "cf-shortcuts-title" }, "Keyboard shortcuts"),
      iconButton("close", "Close", () => dialog.close()),
    ),
    h("dl", { class: "cf-keys" }, ...rows.map(([title, keys]) => h("div", {}, h("dt", {}, title), h("dd", {}, h("kbd", {}, keys))))),
    h("p", { class: "cf-muted" }, "While the keyboard is inside of an app, the app gets the keys. Click a tab or the bar to give them back to this page."),
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}
