import { expect, test } from "vitest";
import { contractsOf, firstCustomer } from "../data.js";
import { searchContracts } from "./search.js";

const [own] = contractsOf(firstCustomer);
if (own === undefined) throw new Error("the first customer has no contract");

test.each([own.number, own.number.toLowerCase(), ` ${own.number} `])("%j finds that contract alone", (text) => {
  expect(searchContracts(text)).toEqual([own]);
});

test("a customer's number finds all contracts of that customer", () => {
  const found = searchContracts(`-${firstCustomer}-`);
  expect(new Set(found)).toEqual(new Set(contractsOf(firstCustomer)));
});

test("results are in order of number", () => {
  const numbers = searchContracts("MOT-4").map((contract) => contract.number);
  expect(numbers.length).toBeGreaterThan(50);
  expect(numbers).toEqual([...numbers].sort());
});

test.each(["", "   ", "no such number", ".*"])("%j finds nothing", (text) => {
  expect(searchContracts(text)).toEqual([]);
});
