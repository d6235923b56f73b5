/** Chart: five years of premiums and claims of the customer that the others chose. It follows, and changes nothing. */
import type { Hub } from "@crossframe/client";
import { historyOf } from "../claims.js";
import { customer, firstCustomer } from "../data.js";
import { byId } from "../dom.js";
import { money } from "../format.js";
import { join } from "../join.js";
import { textIn } from "../shared.js";
import { showActivity, showError } from "../status.js";
import { startClock } from "./clock.js";
import { Plot } from "./plot.js";

startClock();
const plot = new Plot(byId("plot", HTMLElement));

function show(id: string): void {
  const found = customer(id);
  if (found === undefined) return;
  const history = historyOf(id);
  const premium = money(sum(history.premium));
  const claims = money(sum(history.claims));
  byId("title", HTMLElement).textContent = found.name;
  byId("totals", HTMLElement).textContent = `five years: premiums ${premium}, claims ${claims}`;
  plot.show(history, `Premiums and claims of ${found.name} by month: ${premium} and ${claims} in five years`);
}

const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

show(firstCustomer);

const hub = await join("chart");
if (hub !== undefined) await offer(hub).catch(showError);

/** offer follows the shared customer, and makes the picture available to the others. */
async function offer(hub: Hub): Promise<void> {
  await hub.contexts.subscribe("customer", (value) => show(textIn(value, "id")));
  // A result may be one ArrayBuffer: it travels as it is, not as text.
  await hub.interop.register({ name: "chart.snapshot", description: "The chart as a PNG file" }, (_: unknown, call) => {
    showActivity(`picture for ${call.caller.app}`);
    return plot.picture();
  });
}
