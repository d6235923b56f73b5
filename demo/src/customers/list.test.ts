import { describe, expect, test } from "vitest";
import { customerCount } from "../data.js";
import { ListModel, type Row, rows, windowOf } from "./list.js";

const few: Row[] = [
  { id: "1", name: "Jürgen Müller", city: "München", segment: "Private", revenue: 300, contracts: 2 },
  { id: "2", name: "Anna Zając", city: "Łódź", segment: "Family", revenue: 900, contracts: 1 },
  { id: "3", name: "Öberg Skog AB", city: "Umeå", segment: "Business", revenue: 900, contracts: 5 },
  { id: "4", name: "Amelia Marsh", city: "York", segment: "Private", revenue: 0, contracts: 1 },
];

const ids = (model: ListModel): string => model.visible.map((row) => row.id).join("");

describe("search", () => {
  test.each([
    ["", "1234"],
    ["   ", "1234"],
    ["muller", "1"],
    ["MÜLL", "1"],
    ["lodz", "2"],
    ["private", "14"],
    ["priv york", "4"],
    ["york priv", "4"],
    ["3", "3"],
    ["nobody", ""],
    ["a .*", ""],
  ])("%j finds %j", (text, expected) => {
    const model = new ListModel(few);
    model.search(text);
    expect(ids(model)).toBe(expected);
  });

  test("keeps the order", () => {
    const model = new ListModel(few);
    model.sortBy("name");
    model.search("private");
    expect(ids(model)).toBe("41");
    model.search("");
    expect(ids(model)).toBe("4213");
  });
});

describe("sort", () => {
  test.each([
    ["name", "4213"],
    ["city", "2134"],
    ["segment", "3214"],
    ["revenue", "2314"],
    ["contracts", "3124"],
  ] as const)("by %s gives %s", (column, expected) => {
    const model = new ListModel(few);
    model.sortBy(column);
    expect(ids(model)).toBe(expected);
  });

  test("turns round, equal ones staying in the order of their ids", () => {
    const model = new ListModel(few);
    model.sortBy("revenue");
    expect(model.order).toEqual({ column: "revenue", descending: true });
    model.sortBy("revenue");
    expect(model.order).toEqual({ column: "revenue", descending: false });
    expect(ids(model)).toBe("4123");
    model.sortBy("id");
    expect(ids(model)).toBe("1234");
  });

  test("leaves the caller's rows alone", () => {
    const before = few.map((row) => row.id);
    new ListModel(few).sortBy("name");
    expect(few.map((row) => row.id)).toEqual(before);
  });
});

describe("cursor", () => {
  test("stops at both ends", () => {
    const model = new ListModel(few);
    model.move(-1);
    expect(model.cursor).toBe(0);
    model.move(2);
    expect(model.cursor).toBe(2);
    model.move(Infinity);
    expect(model.cursor).toBe(3);
    model.move(-Infinity);
    expect(model.cursor).toBe(0);
  });

  test("stays on its row while that is shown, and goes to the first otherwise", () => {
    const model = new ListModel(few);
    model.moveTo("4");
    model.search("private");
    expect(model.cursor).toBe(1);
    model.sortBy("name");
    expect(model.cursor).toBe(0);
    model.search("business");
    expect(model.visible[model.cursor]?.id).toBe("3");
  });

  test("is -1 in an empty list, and comes back", () => {
    const model = new ListModel(few);
    model.search("nobody");
    expect(model.cursor).toBe(-1);
    model.move(1);
    expect(model.cursor).toBe(-1);
    model.search("");
    expect(model.cursor).toBe(0);
  });

  test("goes to a customer only where that one is shown", () => {
    const model = new ListModel(few);
    expect(model.moveTo("3")).toBe(true);
    expect(model.cursor).toBe(2);
    expect(model.moveTo("9")).toBe(false);
    expect(model.cursor).toBe(2);
  });
});

test("all customers become rows", () => {
  const all = rows();
  expect(all).toHaveLength(customerCount);
  expect(all.every((row) => row.contracts > 0 && row.revenue >= 0)).toBe(true);
});

test.each([
  { scrollTop: 0, height: 300, count: 4000, first: 0, end: 18 },
  { scrollTop: 3000, height: 300, count: 4000, first: 92, end: 118 },
  { scrollTop: 3015, height: 300, count: 4000, first: 92, end: 119 },
  { scrollTop: 119_700, height: 300, count: 4000, first: 3982, end: 4000 },
  { scrollTop: 3000, height: 300, count: 5, first: 5, end: 5 },
  { scrollTop: -60, height: 300, count: 4000, first: 0, end: 16 },
  { scrollTop: 0, height: 0, count: 0, first: 0, end: 0 },
])("at $scrollTop of $count rows, $first to $end are drawn", ({ scrollTop, height, count, first, end }) => {
  expect(windowOf(scrollTop, height, 30, count)).toEqual({ first, end });
});
