import { expect, test } from "vitest";
import { find } from "./search.js";

const items = [
  { title: "Customers", words: "crm people" },
  { title: "Contracts" },
  { title: "Customer notes" },
  { title: "Schadenübersicht", words: "claims" },
  { title: "Договоры" },
];

test.each<[string, string[]]>([
  ["", items.map((i) => i.title)],
  ["   ", items.map((i) => i.title)],
  ["contr", ["Contracts"]],
  ["cust notes", ["Customer notes"]],
  ["notes cust", ["Customer notes"]],
  ["crm", ["Customers"]],
  ["claims", ["Schadenübersicht"]],
  ["cliams", ["Schadenübersicht"]],
  ["übersicht", ["Schadenübersicht"]],
  ["договор", ["Договоры"]],
  ["zzz", []],
  ["(.*)+$[", []],
])("find(%j)", (query, titles) => {
  expect(find(items, query).map((i) => i.title)).toEqual(titles);
});

test("a query without end is cut", () => {
  expect(find(items, "x".repeat(10_000))).toEqual([]);
});

test("titles rank before other words", () => {
  const apps = [{ title: "Archive", words: "customers" }, { title: "Customers" }];
  expect(find(apps, "customers").map((i) => i.title)).toEqual(["Customers", "Archive"]);
});
