/** The plot: premiums as a stepped line, claims as bars, in the page's colours. */
import uPlot from "uplot";
import { type History, historyMonths } from "../claims.js";
import { fit } from "../fit.js";
import { money } from "../format.js";

/** Colours come from the style sheet, so that they follow the light or dark theme. */
const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const axis: uPlot.Axis = {
  stroke: () => colour("--quiet"),
  grid: { stroke: () => colour("--line"), width: 1 },
  ticks: { stroke: () => colour("--line"), width: 1 },
};

const months = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });
const monthName = (time: number): string => months.format(new Date(time * 1000));
const amount = (_: uPlot, value: number | null): string => (value === null ? "–" : money(value));

const options: Omit<uPlot.Options, "width" | "height"> = {
  series: [
    { label: "Month", value: (_, time) => (time === null ? "–" : monthName(time)) },
    {
      label: "Claims",
      value: amount,
      // Filled only: a line around them would draw months without claims, too.
      fill: () => colour("--claims"),
      width: 0,
      paths: uPlot.paths.bars!({ size: [0.7, 24], align: 1 }),
      points: { show: false },
    },
    {
      label: "Premium",
      value: amount,
      stroke: () => colour("--premium"),
      width: 2,
      paths: uPlot.paths.stepped!({ align: 1 }),
      points: { show: false },
    },
  ],
  axes: [
    { ...axis, size: 32, splits: labelled, values: (_, times) => times.map(labelOf) },
    { ...axis, size: 64, values: (_, amounts) => amounts.map(money) },
  ],
  scales: { y: { range: (_, __, high) => [0, Math.max(high, 10) * 1.08] } },
  cursor: { y: false, drag: { setScale: false }, dataIdx: monthAt },
};

/** monthAt returns the month that holds a moment: a month begins at its point and lasts to the next one. */
function monthAt(plot: uPlot, _: number, nearest: number, time: number): number {
  const begun = time < (plot.data[0][nearest] ?? 0) ? nearest - 1 : nearest;
  return Math.max(0, Math.min(historyMonths - 1, begun));
}

/** labelled returns where labels stand: at each year's beginning, and where there is room in its middle. */
function labelled(plot: uPlot): number[] {
  const step = plot.width > 500 ? 6 : 12;
  return Array.from(plot.data[0]).filter((time) => new Date(time * 1000).getUTCMonth() % step === 0);
}

/** labelOf writes a January as its year and any other month as its name. */
function labelOf(time: number): string {
  const [name = "", year = ""] = monthName(time).split(" ");
  return name === "Jan" ? year : name;
}

export class Plot {
  readonly #plot: uPlot;

  constructor(root: HTMLElement) {
    this.#plot = new uPlot({ ...options, width: 300, height: 200 }, [[], [], []], root);
    fit(this.#plot, root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#plot.redraw());
  }

  /** show draws a history; the description says in words what the picture shows. */
  show(history: History, description: string): void {
    const canvas = this.#plot.ctx.canvas;
    canvas.role = "img";
    canvas.ariaLabel = description;
    const { time, claims, premium } = history;
    // The last month is drawn up to its end.
    const end = (time.at(-1) ?? 0) + 30 * 24 * 3600;
    this.#plot.setData([[...time, end], [...claims, null], [...premium, premium.at(-1) ?? 0]]);
  }

  /** picture returns the plot as a PNG file, on the page's background. */
  async picture(): Promise<ArrayBuffer> {
    const source = this.#plot.ctx.canvas;
    const canvas = new OffscreenCanvas(source.width, source.height);
    const context = canvas.getContext("2d");
    if (context === null) throw new Error("this browser cannot draw now");
    context.fillStyle = colour("--page");
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(source, 0, 0);
    return (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer();
  }
}
