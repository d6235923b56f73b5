/** The pane that shows one customer: what this app knows, and what other apps add. */
import type { Customer } from "../data.js";
import { byId, facts } from "../dom.js";
import { count, date, money } from "../format.js";
import type { ContractSummary } from "../shared.js";

const hint = byId("hint", HTMLElement);
const summaryList = byId("summary", HTMLElement);

/** showCustomer shows a customer; what other apps add is still missing then. */
export function showCustomer(shown: Customer): void {
  byId("name", HTMLElement).textContent = `${shown.name} · ${shown.id}`;
  facts(byId("facts", HTMLElement), {
    Address: `${shown.street}, ${shown.postcode} ${shown.city}, ${shown.country}`,
    Mail: shown.email,
    Segment: shown.segment,
    Since: date(shown.since),
  });
  facts(summaryList, {});
  hint.textContent = "";
}

/** showSummary adds what the contracts app says. */
export function showSummary({ active, count: all, premium, nextRenewal }: ContractSummary): void {
  facts(summaryList, {
    Contracts: `${count(active)} active of ${count(all)}`,
    Premium: `${money(premium)} a year`,
    Renewal: nextRenewal === "" ? "" : date(nextRenewal),
  });
  hint.textContent = "";
}

/** showHint says why there is no summary. */
export function showHint(text: string): void {
  hint.textContent = text;
}

/** showNote shows the note that another app shares; "" shows none. */
export function showNote(text: string): void {
  const note = byId("note", HTMLElement);
  note.textContent = text === "" ? "" : `Note: ${text}`;
  note.hidden = text === "";
}
