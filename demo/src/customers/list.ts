/** The list of customers as a model: what is shown in which order, and where the cursor is. No DOM. */
import { contractsOf, customer, customerIds, revenueOf, type Segment } from "../data.js";

export interface Row {
  readonly id: string;
  readonly name: string;
  readonly city: string;
  readonly segment: Segment;
  readonly revenue: number;
  readonly contracts: number;
}

export type Column = keyof Row;

/** rows returns every customer as a row of the list, by id. */
export function rows(): Row[] {
  return customerIds().flatMap((id) => {
    const found = customer(id);
    if (found === undefined) return [];
    const contracts = contractsOf(id);
    const { name, city, segment } = found;
    return [{ id, name, city, segment, revenue: revenueOf(contracts), contracts: contracts.length }];
  });
}

/** Case and accents do not count in a search: "muller" finds "Müller". */
function fold(text: string): string {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replaceAll("ł", "l");
}

const collator = new Intl.Collator("en", { sensitivity: "base" });

function compare(a: Row, b: Row, column: Column): number {
  const left = a[column];
  const right = b[column];
  return typeof left === "number" && typeof right === "number" ? left - right : collator.compare(String(left), String(right));
}

export class ListModel {
  readonly total: number;
  #all: Row[];
  #keys: Map<Row, string>;
  #visible: Row[];
  #query: readonly string[] = [];
  #column: Column = "id";
  #descending = false;
  #cursor = 0;

  constructor(all: readonly Row[]) {
    this.total = all.length;
    this.#all = [...all];
    this.#visible = this.#all;
    this.#keys = new Map(all.map((row) => [row, fold(`${row.id} ${row.name} ${row.city} ${row.segment}`)]));
  }

  /** The rows that match the search, in order. */
  get visible(): readonly Row[] {
    return this.#visible;
  }

  get order(): { readonly column: Column; readonly descending: boolean } {
    return { column: this.#column, descending: this.#descending };
  }

  /** The cursor's place among the visible rows; -1 where there are none. */
  get cursor(): number {
    return this.#visible.length === 0 ? -1 : this.#cursor;
  }

  /** search shows the rows that contain every word of the text. The cursor stays on its row, if that is still shown. */
  search(text: string): void {
    this.#query = fold(text).split(/\s+/).filter((word) => word !== "");
    this.#arrange();
  }

  /** sortBy sorts by a column, and turns the order round where that column is sorted already. Numbers start large. */
  sortBy(column: Column): void {
    this.#descending = column === this.#column ? !this.#descending : column === "revenue" || column === "contracts";
    this.#column = column;
    const sign = this.#descending ? -1 : 1;
    this.#all.sort((a, b) => sign * compare(a, b, column) || compare(a, b, "id"));
    this.#arrange();
  }

  /** move moves the cursor by so many rows, at most to an end of the list. */
  move(by: number): void {
    this.#cursor = Math.max(0, Math.min(this.#visible.length - 1, this.#cursor + by));
  }

  /** moveTo moves the cursor to a customer and reports whether that one is shown. */
  moveTo(id: string): boolean {
    const index = this.#visible.findIndex((row) => row.id === id);
    if (index >= 0) this.#cursor = index;
    return index >= 0;
  }

  #arrange(): void {
    const current = this.#visible[this.#cursor];
    this.#visible = this.#all.filter((row) => this.#query.every((word) => this.#keys.get(row)?.includes(word)));
    this.#cursor = current === undefined ? 0 : Math.max(0, this.#visible.indexOf(current));
  }
}

/** Rows drawn beyond either edge, so that a quick scroll shows no gaps. */
const overscan = 8;

/** windowOf returns which rows have to exist: from first up to, but not including, end. */
export function windowOf(scrollTop: number, height: number, rowHeight: number, count: number): { first: number; end: number } {
  const first = Math.floor(scrollTop / rowHeight) - overscan;
  const end = Math.ceil((scrollTop + height) / rowHeight) + overscan;
  return { first: Math.max(0, Math.min(count, first)), end: Math.max(0, Math.min(count, end)) };
}
