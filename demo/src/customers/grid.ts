/** Draws the list: only the rows in view exist, however long the list is. */
import { make } from "../dom.js";
import { count, money } from "../format.js";
import { type Column, type ListModel, type Row, windowOf } from "./list.js";

/** The same number as --row in style.css, in pixels. */
const rowHeight = 30;

const columns: readonly { readonly key: Column; readonly title: string; readonly numeric?: true }[] = [
  { key: "id", title: "No." },
  { key: "name", title: "Name" },
  { key: "city", title: "City" },
  { key: "segment", title: "Segment" },
  { key: "revenue", title: "Revenue", numeric: true },
  { key: "contracts", title: "Contracts", numeric: true },
];

export class Grid {
  readonly #root: HTMLElement;
  readonly #model: ListModel;
  readonly #choose: (id: string) => void;
  readonly #head: HTMLElement;
  readonly #body: HTMLElement;
  /** The rows that exist, by their place in the list. */
  readonly #drawn = new Map<number, HTMLElement>();
  #chosen = "";
  /** Whether the cursor's row is in view. Then it stays there when the box changes its size, or gets one at all. */
  #inView = true;

  constructor(root: HTMLElement, model: ListModel, choose: (id: string) => void) {
    this.#root = root;
    this.#model = model;
    this.#choose = choose;
    this.#head = this.#makeHead();
    this.#body = make("div", { className: "body", role: "rowgroup" });
    root.append(make("div", { className: "heads", role: "rowgroup" }, this.#head), this.#body);
    root.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    root.addEventListener("keydown", (event) => this.#key(event));
    this.#body.addEventListener("click", (event) => this.#click(event));
    new ResizeObserver(() => this.#resized()).observe(root);
    this.refresh();
  }

  /** refresh draws everything anew, after a search or a sort. */
  refresh(): void {
    const { column, descending } = this.#model.order;
    columns.forEach(({ key }, i) => {
      const sort = key !== column ? null : descending ? "descending" : "ascending";
      this.#head.children[i]!.ariaSort = sort;
    });
    this.#root.setAttribute("aria-rowcount", String(this.#model.visible.length + 1));
    this.#body.style.height = `${this.#model.visible.length * rowHeight}px`;
    for (const row of this.#drawn.values()) row.remove();
    this.#drawn.clear();
    this.#reveal("middle");
    this.#draw();
  }

  /** select marks a customer as the chosen one and scrolls to it, where the search shows it. */
  select(id: string): void {
    this.#chosen = id;
    if (this.#model.moveTo(id)) this.#reveal("middle");
    this.#draw();
  }

  #makeHead(): HTMLElement {
    const cells = columns.map(({ key, title, numeric }) => {
      const button = make("button", { type: "button" }, title);
      button.addEventListener("click", () => {
        this.#model.sortBy(key);
        this.refresh();
      });
      return make("div", { role: "columnheader", className: numeric ? "number" : "" }, button);
    });
    return make("div", { role: "row", className: "row head", ariaRowIndex: "1" }, ...cells);
  }

  #draw(): void {
    const { visible, cursor } = this.#model;
    const { first, end } = windowOf(this.#root.scrollTop, this.#root.clientHeight, rowHeight, visible.length);
    for (const [index, row] of this.#drawn) {
      if (index >= first && index < end) continue;
      row.remove();
      this.#drawn.delete(index);
    }
    for (let index = first; index < end; index++) {
      if (!this.#drawn.has(index)) this.#drawn.set(index, this.#makeRow(visible[index]!, index));
    }
    for (const [index, row] of this.#drawn) {
      row.classList.toggle("cursor", index === cursor);
      row.ariaSelected = String(visible[index]?.id === this.#chosen);
    }
    const current = this.#drawn.get(cursor);
    if (current === undefined) this.#root.removeAttribute("aria-activedescendant");
    else this.#root.setAttribute("aria-activedescendant", current.id);
  }

  #makeRow(row: Row, index: number): HTMLElement {
    const cells = columns.map(({ key, numeric }) =>
      make("div", { role: "gridcell", className: numeric ? "number" : "" }, textOf(row, key)),
    );
    const element = make("div", { role: "row", className: "row", id: `row-${row.id}` }, ...cells);
    element.ariaRowIndex = String(index + 2);
    element.dataset["id"] = row.id;
    // Set from script through the object model, which a strict policy for styles allows; an attribute would not be.
    element.style.transform = `translateY(${index * rowHeight}px)`;
    this.#body.append(element);
    return element;
  }

  /** Brings the row under the cursor into view: to the middle, or no further than need be. */
  #reveal(place: "middle" | "edge"): void {
    const { top, first, last } = this.#view();
    this.#inView = true;
    if (last < first || (top >= first && top <= last)) return;
    const edge = top < first ? top : top - (last - first);
    this.#root.scrollTop = place === "edge" ? edge : top - (last - first) / 2;
  }

  /** Where the cursor's row begins, and where the first and the last row in full view do; the head covers one row. */
  #view(): { top: number; first: number; last: number } {
    const { scrollTop, clientHeight } = this.#root;
    return { top: Math.max(0, this.#model.cursor) * rowHeight, first: scrollTop, last: scrollTop + clientHeight - 2 * rowHeight };
  }

  #scrolled(): void {
    const { top, first, last } = this.#view();
    this.#inView = top > first - rowHeight && top < last + rowHeight;
    this.#draw();
  }

  #resized(): void {
    if (this.#inView) this.#reveal("edge");
    this.#draw();
  }

  #key(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.#root.clientHeight / rowHeight) - 2);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[event.key];
    if (step !== undefined) {
      this.#model.move(step);
      this.#reveal("edge");
      this.#draw();
    } else if (event.key === "Enter" && event.target === this.#root) {
      const row = this.#model.visible[this.#model.cursor];
      if (row !== undefined) this.#choose(row.id);
    } else return;
    event.preventDefault();
  }

  #click(event: Event): void {
    const row = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-id]") : null;
    const id = row?.dataset["id"];
    if (id !== undefined) this.#choose(id);
  }
}

function textOf(row: Row, column: Column): string {
  if (column === "revenue") return money(row.revenue);
  return column === "contracts" ? count(row.contracts) : row[column];
}
