/** A customer's premiums and claims month by month, for the chart. */
import { type Contract, contractsOf, monthNumber, today } from "./data.js";
import { Random } from "./random.js";

export interface History {
  /** First second of each month, UTC, oldest first. */
  readonly time: readonly number[];
  /** Euros in that month. */
  readonly premium: readonly number[];
  readonly claims: readonly number[];
}

/** Five years. */
export const historyMonths = 60;

/** historyOf returns the last 60 months of a customer; all zero where there is no such customer. */
export function historyOf(id: string): History {
  const contracts = contractsOf(id);
  const months = Array.from({ length: historyMonths }, (_, i) => today - historyMonths + 1 + i);
  return {
    time: months.map((month) => Date.UTC(2000, month) / 1000),
    premium: months.map((month) => premiumIn(contracts, month)),
    claims: months.map((month) => claimsIn(contracts, month)),
  };
}

function premiumIn(contracts: readonly Contract[], month: number): number {
  return running(contracts, month).reduce((sum, contract) => sum + Math.round(contract.premium / 12), 0);
}

/** Claims come with a contract: now and then, mostly small, sometimes several monthly premiums at once. */
function claimsIn(contracts: readonly Contract[], month: number): number {
  return running(contracts, month).reduce((sum, contract) => {
    const random = new Random(contract.number, month);
    if (!random.chance(0.16)) return sum;
    return sum + Math.round((contract.premium / 12) * (0.4 + 9 * random.next() ** 3));
  }, 0);
}

function running(contracts: readonly Contract[], month: number): Contract[] {
  return contracts.filter((contract) => monthOf(contract.start) <= month && month <= monthOf(contract.end));
}

function monthOf(day: string): number {
  return monthNumber(Number(day.slice(0, 4)), Number(day.slice(5, 7)));
}
