/** Contracts of the customer that the workspace is about; and a search by number, which leads to their holders. */
import type { Hub } from "@crossframe/client";
import { type Contract, contractsOf, customer, type Customer, firstCustomer, revenueOf } from "../data.js";
import { byId, facts } from "../dom.js";
import { join } from "../join.js";
import { type ContractList, type ContractSummary, contextOf, textIn } from "../shared.js";
import { showActivity, showError, textOf } from "../status.js";
import { searchContracts } from "./search.js";
import { showContracts, showFound } from "./table.js";

const search = byId("search", HTMLInputElement);
let hub: Hub | undefined;
let current = firstCustomer;
/** Number of the contract that was chosen in a search. */
let marked = "";

search.addEventListener("input", render);

render();

hub = await join("contracts");
if (hub !== undefined) await offer(hub).catch(showError);

/** offer makes this app's data available to the others, and follows what they share. */
async function offer(hub: Hub): Promise<void> {
  await hub.interop.register(
    { name: "contracts.list", description: "A customer's contracts", accepts: "String customerId" },
    (args: unknown): ContractList => ({ contracts: contractsOf(textIn(args, "customerId")) }),
  );
  await hub.interop.register(
    { name: "contracts.summary", description: "A customer's contracts in a few numbers", accepts: "String customerId" },
    (args: unknown, call) => {
      const id = textIn(args, "customerId");
      showActivity(`summary of ${id} for ${call.caller.app}`);
      return summaryOf(contractsOf(id));
    },
  );
  await hub.contexts.subscribe("customer", (value) => follow(textIn(value, "id")));
}

function summaryOf(contracts: readonly Contract[]): ContractSummary {
  const active = contracts.filter((contract) => contract.status === "active");
  return {
    count: contracts.length,
    active: active.length,
    premium: revenueOf(contracts),
    nextRenewal: active.map((contract) => contract.end).sort()[0] ?? "",
  };
}

/** follow shows the customer that somebody chose: another app, or this one. */
function follow(id: string): void {
  if (customer(id) === undefined || id === current) return;
  current = id;
  render();
}

/** choose ends the search with a contract: the whole workspace moves to its holder. */
function choose(contract: Contract): void {
  search.value = "";
  marked = contract.number;
  current = contract.holder;
  render();
  const holder = customer(contract.holder);
  if (holder !== undefined) hub?.contexts.update("customer", contextOf(holder)).catch(showError);
}

/** showHolder asks whichever app knows customers: their addresses are not this app's business. */
function showHolder(contract: Contract): void {
  fetchHolder(contract.holder).catch((error: unknown) => openHolder(`Customer ${contract.holder}`, { "Not known": textOf(error) }));
}

async function fetchHolder(id: string): Promise<void> {
  if (hub === undefined) throw new Error("in a workspace, the customers app answers this");
  const holder = await hub.interop.invoke<Customer>("customers.get", { id }, { wait: 2000 });
  openHolder(`${holder.name} · ${holder.id}`, {
    Address: `${holder.street}, ${holder.postcode} ${holder.city}`,
    Country: holder.country,
    Mail: holder.email,
  });
}

function openHolder(title: string, content: Record<string, string>): void {
  byId("holder-name", HTMLElement).textContent = title;
  facts(byId("holder-facts", HTMLElement), content);
  const dialog = byId("holder", HTMLDialogElement);
  if (!dialog.open) dialog.showModal();
}

function render(): void {
  if (search.value.trim() !== "") {
    showFound(searchContracts(search.value), choose, showHolder);
    byId("subject", HTMLElement).textContent = "all customers";
    return;
  }
  showContracts(contractsOf(current), marked, showHolder);
  byId("subject", HTMLElement).textContent = `${customer(current)?.name ?? ""} · ${current}`;
}
