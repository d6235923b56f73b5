import { describe, expect, test } from "vitest";
import { historyMonths, historyOf } from "./claims.js";
import { contractsOf, customer, customerIds, dayOf, firstCustomer, monthNumber, revenueOf, today } from "./data.js";

const all = customerIds();

describe("customers", () => {
  test("there are 4,000, each found by its id", () => {
    expect(all).toHaveLength(4000);
    expect(new Set(all).size).toBe(4000);
    for (const id of all) expect(customer(id)?.id).toBe(id);
    expect(all).toContain(firstCustomer);
  });

  test.each(["", "1000", "5001", "0x400", "1001.5", " 1001", "01001", "1e3"])("there is no customer %j", (id) => {
    expect(customer(id)).toBeUndefined();
    expect(contractsOf(id)).toEqual([]);
  });

  // Pinned: a change of the generator or of the word lists changes what people see in screenshots and documents.
  test("a customer is the same wherever and whenever it is computed", () => {
    expect([customer("1001"), customer(firstCustomer), customer("5000")]).toMatchSnapshot();
  });

  test("people of every locale and segment occur, with plain addresses for mail", () => {
    const people = all.map((id) => customer(id)!);
    expect(new Set(people.map((c) => c.country)).size).toBe(8);
    expect(new Set(people.map((c) => c.segment)).size).toBe(4);
    for (const c of people) expect(c.email).toMatch(/^[a-z.]+@(example\.org|[a-z-]+\.example)$/);
    for (const c of people) expect(c.postcode).not.toContain("#");
  });
});

describe("contracts", () => {
  const contracts = all.flatMap(contractsOf);

  test("there are some 12,000, each with a number of its own", () => {
    expect(contracts.length).toBeGreaterThan(11_000);
    expect(contracts.length).toBeLessThan(13_000);
    expect(new Set(contracts.map((c) => c.number)).size).toBe(contracts.length);
  });

  test("a customer's contracts are the same every time", () => {
    expect(contractsOf(firstCustomer)).toEqual(contractsOf(firstCustomer));
    expect(contractsOf(firstCustomer)).toMatchSnapshot();
  });

  test("status and days agree", () => {
    const now = dayOf(today);
    for (const c of contracts) {
      expect(c.end > c.start, c.number).toBe(true);
      const status = c.end < now ? ["cancelled", "expired"] : c.start > now ? ["pending"] : ["active"];
      expect(status, `${c.number} ${c.start} ${c.end}`).toContain(c.status);
    }
  });

  test("only active contracts earn", () => {
    const [first] = contracts;
    if (first === undefined) throw new Error("no contracts");
    const active = { ...first, status: "active", premium: 100 } as const;
    expect(revenueOf([])).toBe(0);
    expect(revenueOf([active, { ...active, premium: 20 }, { ...active, status: "cancelled" }, { ...active, status: "pending" }])).toBe(120);
  });
});

describe("history", () => {
  test("covers five years up to this month", () => {
    const { time, premium, claims } = historyOf(firstCustomer);
    expect([time.length, premium.length, claims.length]).toEqual([historyMonths, historyMonths, historyMonths]);
    expect(new Date(time.at(-1)! * 1000).toISOString().slice(0, 10)).toBe(dayOf(today));
    expect(time.every((t, i) => i === 0 || t > time[i - 1]!)).toBe(true);
  });

  test("this month's premium is a twelfth of what the active contracts cost in a year", () => {
    for (const id of all.slice(0, 200)) {
      const expected = contractsOf(id)
        .filter((c) => c.status === "active")
        .reduce((sum, c) => sum + Math.round(c.premium / 12), 0);
      expect(historyOf(id).premium.at(-1), id).toBe(expected);
    }
  });

  test("claims are never negative, and are about as large as premiums over all", () => {
    const histories = all.slice(0, 400).map(historyOf);
    const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    expect(histories.every((h) => h.claims.every((c) => c >= 0))).toBe(true);
    const ratio = sum(histories.flatMap((h) => h.claims)) / sum(histories.flatMap((h) => h.premium));
    expect(ratio).toBeGreaterThan(0.3);
    expect(ratio).toBeLessThan(0.9);
  });

  test("an unknown customer has no history", () => {
    expect(historyOf("nobody").premium.every((p) => p === 0)).toBe(true);
  });
});

test("months are numbered from the year 2000", () => {
  expect(dayOf(monthNumber(2000, 1))).toBe("2000-01-01");
  expect(dayOf(monthNumber(2026, 12))).toBe("2026-12-01");
});
