import { h, icon } from "../ui/h.js";
import type { Command } from "./command.js";
import { find } from "./search.js";

export interface PaletteRequest {
  readonly label: string;
  readonly commands: readonly Command[];
  /** Shown above the list, such as why there are no apps. */
  readonly note?: string;
  /** Stands in the field at first, selected. */
  readonly query?: string;
}

/** Palette is the dialog that finds apps and commands. A combobox: the field keeps the keyboard, arrows choose. */
export class Palette {
  readonly element: HTMLDialogElement;
  readonly #field = h("input", {
    type: "text",
    class: "cf-palette-field",
    role: "combobox",
    "aria-expanded": "true",
    "aria-controls": "cf-palette-list",
    "aria-autocomplete": "list",
    autocomplete: "off",
    spellcheck: "false",
  });
  readonly #list = h("div", { id: "cf-palette-list", class: "cf-palette-list", role: "listbox" });
  readonly #note = h("p", { class: "cf-palette-note", role: "status" });
  #commands: readonly Command[] = [];
  #shown: readonly Command[] = [];
  #chosen = 0;

  constructor() {
    this.element = h(
      "dialog",
      { class: "cf-palette" },
      h("div", { class: "cf-palette-head" }, icon("search"), this.#field, h("kbd", {}, "Esc")),
      this.#note,
      this.#list,
    );
    this.#field.addEventListener("input", () => this.#search());
    this.#field.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("click", (event) => {
      if (event.target === this.element) this.element.close(); // The backdrop.
    });
    this.#list.addEventListener("click", (event) => {
      const row = (event.target as Element).closest<HTMLElement>("[role=option]");
      if (row) this.#run(Number(row.dataset["index"]));
    });
    this.#list.addEventListener("pointermove", (event) => {
      // A list that appears under a mouse at rest is not chosen from.
      if (event.movementX === 0 && event.movementY === 0) return;
      const row = (event.target as Element).closest<HTMLElement>("[role=option]");
      if (row) this.#choose(Number(row.dataset["index"]), false);
    });
  }

  get open(): boolean {
    return this.element.open;
  }

  show({ label, commands, note, query = "" }: PaletteRequest): void {
    this.#field.placeholder = label;
    this.#field.setAttribute("aria-label", label);
    this.#list.setAttribute("aria-label", label);
    this.element.setAttribute("aria-label", label);
    this.#field.value = query;
    if (!this.element.open) this.element.showModal();
    this.#field.focus();
    this.#field.select();
    this.update(commands, note);
  }

  /** Takes new commands while it is open, as apps come in. */
  update(commands: readonly Command[], note = ""): void {
    this.#commands = commands.filter((c) => c.when?.() ?? true);
    this.#note.textContent = note;
    this.#note.hidden = note === "";
    this.#search();
  }

  close(): void {
    this.element.close();
  }

  #search(): void {
    const query = this.#field.value;
    const found = find(this.#commands, query);
    // While nothing was typed the sections keep together; a search puts the best first.
    this.#shown = query.trim() === "" ? bySection(found) : found;
    this.#chosen = 0;
    this.#render(query.trim() === "");
  }

  #render(headings: boolean): void {
    this.#list.replaceChildren();
    let section = "";
    let group: HTMLElement = this.#list;
    this.#shown.forEach((command, index) => {
      if (headings && command.section !== section) {
        section = command.section;
        const heading = h("div", { class: "cf-palette-section", "aria-hidden": "true" }, section);
        group = h("div", { role: "group", "aria-label": section }, heading);
        this.#list.append(group);
      }
      group.append(row(command, index));
    });
    if (this.#shown.length === 0 && this.#note.hidden) {
      this.#list.append(h("div", { role: "option", "aria-disabled": "true", class: "cf-palette-none" }, "Nothing found"));
    }
    this.#choose(0, true);
  }

  #key(event: KeyboardEvent): void {
    const last = this.#shown.length - 1;
    const to: Readonly<Record<string, number>> = {
      ArrowDown: this.#chosen === last ? 0 : this.#chosen + 1,
      ArrowUp: this.#chosen === 0 ? last : this.#chosen - 1,
      PageDown: Math.min(last, this.#chosen + 8),
      PageUp: Math.max(0, this.#chosen - 8),
    };
    const next = to[event.key];
    if (next !== undefined) {
      event.preventDefault();
      this.#choose(next, true);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      this.#run(this.#chosen);
    }
  }

  #choose(index: number, scroll: boolean): void {
    const rows = [...this.#list.querySelectorAll<HTMLElement>("[role=option][data-index]")];
    for (const r of rows) r.setAttribute("aria-selected", String(Number(r.dataset["index"]) === index));
    const chosen = rows.find((r) => Number(r.dataset["index"]) === index);
    this.#chosen = chosen ? index : 0;
    if (chosen) this.#field.setAttribute("aria-activedescendant", chosen.id);
    else this.#field.removeAttribute("aria-activedescendant");
    if (scroll) chosen?.scrollIntoView({ block: "nearest" });
  }

  #run(index: number): void {
    const command = this.#shown[index];
    if (!command) return;
    // Closed first: the dialog gives the keyboard back, and the command may put it somewhere else.
    this.element.close();
    command.run();
  }
}

function row(command: Command, index: number): HTMLElement {
  return h(
    "div",
    { role: "option", id: `cf-option-${index}`, class: "cf-palette-row", "data-index": index, "aria-selected": "false" },
    icon(command.icon ?? "command"),
    h("span", { class: "cf-palette-title" }, command.title),
    command.detail !== undefined && h("span", { class: "cf-palette-detail" }, command.detail),
    command.keys && h("kbd", {}, command.keys.shown),
  );
}

function bySection(commands: readonly Command[]): Command[] {
  const order = [...new Set(commands.map((c) => c.section))];
  return order.flatMap((section) => commands.filter((c) => c.section === section));
}
