/** The table of contracts: those of one customer, or what a search found among all. */
import { type Contract, customer } from "../data.js";
import { byId, make } from "../dom.js";
import { count, date, money } from "../format.js";

/** So many rows are enough to look at; who sees this many types another digit. */
const mostRows = 100;

const table = byId("table", HTMLElement);
const body = byId("contracts", HTMLElement);
const message = byId("message", HTMLElement);

/** Called when somebody presses a row's "Show holder". */
export type ShowHolder = (contract: Contract) => void;

/** showContracts shows a customer's contracts; the row of the marked number stands out. */
export function showContracts(contracts: readonly Contract[], marked: string, showHolder: ShowHolder): void {
  table.className = "own";
  body.replaceChildren(...contracts.map((contract) => row(contract, contract.number, contract.number === marked, showHolder)));
  message.textContent = contracts.length === 0 ? "No contracts." : "";
  body.querySelector(".marked")?.scrollIntoView({ block: "nearest" });
}

/** showFound shows what a search found; a row's number is a button that chooses it. */
export function showFound(found: readonly Contract[], choose: (contract: Contract) => void, showHolder: ShowHolder): void {
  table.className = "found";
  const rows = found.slice(0, mostRows).map((contract) => {
    const button = make("button", { type: "button", className: "contract" }, contract.number);
    button.addEventListener("click", () => choose(contract));
    const element = row(contract, button, false, showHolder);
    element.children[0]?.after(make("td", {}, customer(contract.holder)?.name ?? ""));
    return element;
  });
  body.replaceChildren(...rows);
  message.textContent =
    found.length > mostRows ? `The first ${mostRows} of ${count(found.length)} contracts.` : `${count(found.length)} found.`;
}

function row(contract: Contract, number: Node | string, marked: boolean, showHolder: ShowHolder): HTMLElement {
  const button = make("button", { type: "button", ariaLabel: `Show holder of ${contract.number}` }, "Show holder");
  button.addEventListener("click", () => showHolder(contract));
  return make(
    "tr",
    { className: marked ? "marked" : "" },
    make("td", {}, number),
    make("td", { className: "product" }, contract.product),
    make("td", { className: "number" }, money(contract.premium)),
    make("td", { className: "start" }, date(contract.start)),
    make("td", {}, date(contract.end)),
    make("td", { className: `state state-${contract.status}` }, contract.status),
    make("td", {}, button),
  );
}
