/** Prices: plots what a Go program (demo/prices) shares with everybody of the tenant, and asks it for what was before. */
import type { Hub } from "@crossframe/client";
import { byId, make } from "../dom.js";
import { join } from "../join.js";
import { showActivity, showError } from "../status.js";
import { Plot } from "./plot.js";
import { readHistory, readPoint, Series } from "./series.js";

const plot = new Plot(byId("plot", HTMLElement));
const select = byId("symbol", HTMLSelectElement);
const hint = byId("hint", HTMLElement);
const bySymbol = new Map<string, Series>();

const price = new Intl.NumberFormat("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

function show(): void {
  const series = bySymbol.get(select.value);
  const last = series?.points.at(-1);
  hint.hidden = last !== undefined;
  if (!series || !last) return;
  byId("price", HTMLElement).textContent = price.format(last.price);
  plot.show(select.value, series.points);
}

/** take adds the quotes of the shared context. */
function take(prices: Readonly<Record<string, unknown>>): void {
  for (const [symbol, quote] of Object.entries(prices)) {
    const point = readPoint(quote);
    if (!point) continue;
    if (!bySymbol.has(symbol)) {
      bySymbol.set(symbol, new Series());
      select.append(make("option", {}, symbol));
    }
    bySymbol.get(symbol)?.add(point);
  }
  show();
}

const hub = await join("prices");
if (hub !== undefined) await follow(hub).catch(showError);

async function follow(hub: Hub): Promise<void> {
  select.addEventListener("change", () => void ask(hub).catch(showError));
  await hub.contexts.subscribe("prices", (value) => take(value ?? {}));
  // The service may come later than this page, and come back: each time there is history to ask for.
  await hub.interop.watch("prices.history", ({ added }) => added.length > 0 && void ask(hub).catch(showError));
}

/** ask calls the program, wherever it runs, for the prices before those that were seen. */
async function ask(hub: Hub): Promise<void> {
  const symbol = select.value;
  show();
  if (symbol === "") return;
  bySymbol.get(symbol)?.add(...readHistory(await hub.interop.invoke("prices.history", { symbol })));
  showActivity(`has the history of ${symbol}`);
  show();
}
