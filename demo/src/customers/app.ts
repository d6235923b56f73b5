/** Customers: the list that everybody starts from. Choosing a customer moves the whole workspace to that customer. */
import type { Hub } from "@crossframe/client";
import { customer, type Customer, firstCustomer, segments } from "../data.js";
import { byId } from "../dom.js";
import { count } from "../format.js";
import { join } from "../join.js";
import { type ContractSummary, contextOf, textIn } from "../shared.js";
import { showActivity, showError, textOf } from "../status.js";
import { showCustomer, showHint, showNote, showSummary } from "./detail.js";
import { Grid } from "./grid.js";
import { ListModel, rows } from "./list.js";

const model = new ListModel(rows());
const grid = new Grid(byId("grid", HTMLElement), model, choose);
const search = byId("search", HTMLInputElement);
let hub: Hub | undefined;
let current = "";
/** The last shared note; it is shown with its own customer only. */
let note: unknown;

search.addEventListener("input", () => {
  model.search(search.value);
  grid.refresh();
  showFound();
});
search.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "Enter") byId("grid", HTMLElement).focus();
});

show(firstCustomer);
showFound();

hub = await join("customers");
if (hub === undefined) showHint("In a workspace, the contracts app adds a summary here.");
else await offer(hub).catch(showError);

/** offer makes this app's data available to the others, and follows what they share. */
async function offer(hub: Hub): Promise<void> {
  await hub.interop.register(
    { name: "customers.get", description: "One customer by number", accepts: "String id" },
    (args: unknown, call) => {
      const id = textIn(args, "id");
      showActivity(`customer ${id} for ${call.caller.app}`);
      const found = customer(id);
      if (found === undefined) throw new Error(`there is no customer ${id}`);
      return found;
    },
  );
  // A JSON Schema instead of a signature: the hub refuses calls that do not match, before this app sees them.
  await hub.interop.register({ name: "customers.find", description: "Customers by words", accepts: findSchema }, (args: unknown) => ({
    customers: find(textIn(args, "query"), textIn(args, "segment")),
  }));
  await hub.contexts.subscribe("customer", (value) => show(textIn(value, "id")));
  await hub.contexts.subscribe("customer.note", (value) => {
    note = value;
    showOwnNote();
  });
  await summarise(hub, current);
}

const findSchema = {
  type: "object",
  properties: {
    query: { type: "string", minLength: 1, maxLength: 100 },
    segment: { enum: segments },
  },
  required: ["query"],
  additionalProperties: false,
};

/** find answers with at most 50 customers. */
function find(query: string, segment: string): Customer[] {
  const matches = new ListModel(rows());
  matches.search(`${query} ${segment}`);
  return matches.visible.slice(0, 50).flatMap((row) => customer(row.id) ?? []);
}

/** choose shows a customer here, and in every app that follows. */
function choose(id: string): void {
  show(id);
  const chosen = customer(id);
  if (chosen !== undefined) hub?.contexts.update("customer", contextOf(chosen)).catch(showError);
}

/** show shows a customer here only. */
function show(id: string): void {
  const shown = customer(id);
  if (shown === undefined || id === current) return;
  current = id;
  grid.select(id);
  showCustomer(shown);
  showOwnNote();
  if (hub !== undefined) summarise(hub, id).catch(showError);
}

function showOwnNote(): void {
  showNote(textIn(note, "customerId") === current ? textIn(note, "text") : "");
}

/** summarise asks whichever app knows contracts, and waits a little for one that is still starting. */
async function summarise(hub: Hub, customerId: string): Promise<void> {
  try {
    const summary = await hub.interop.invoke<ContractSummary>("contracts.summary", { customerId }, { wait: 5000 });
    if (customerId === current) showSummary(summary);
  } catch (error) {
    if (customerId === current) showHint(`No contract summary: ${textOf(error)}`);
  }
}

function showFound(): void {
  const found = model.visible.length;
  const all = `${count(model.total)} customers`;
  byId("found", HTMLOutputElement).value = found === model.total ? all : `${count(found)} of ${all}`;
}
