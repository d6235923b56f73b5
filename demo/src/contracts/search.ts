/** Finds contracts among all of them by number. */
import { type Contract, contractsOf, customerIds } from "../data.js";

let all: readonly Contract[] | undefined;

/** searchContracts returns the contracts whose number contains the text, case apart, in order of number. */
export function searchContracts(text: string): Contract[] {
  all ??= customerIds()
    .flatMap(contractsOf)
    .sort((a, b) => (a.number < b.number ? -1 : 1));
  const wanted = text.trim().toUpperCase();
  return wanted === "" ? [] : all.filter((contract) => contract.number.includes(wanted));
}
