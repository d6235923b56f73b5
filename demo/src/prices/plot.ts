/** The plot: one line, in the page's colours. */
import uPlot from "uplot";
import { fit } from "../fit.js";
import type { Point } from "./series.js";

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const axis: uPlot.Axis = {
  stroke: () => colour("--quiet"),
  grid: { stroke: () => colour("--line"), width: 1 },
  ticks: { stroke: () => colour("--line"), width: 1 },
};

const options: Omit<uPlot.Options, "width" | "height"> = {
  legend: { show: false },
  series: [{}, { stroke: () => colour("--accent"), width: 2, points: { show: false } }],
  axes: [{ ...axis, size: 32 }, { ...axis, size: 64 }],
  cursor: { show: false },
};

export class Plot {
  readonly #plot: uPlot;

  constructor(root: HTMLElement) {
    this.#plot = new uPlot({ ...options, width: 300, height: 200 }, [[], []], root);
    fit(this.#plot, root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#plot.redraw());
  }

  show(symbol: string, points: readonly Point[]): void {
    const { canvas } = this.#plot.ctx;
    canvas.role = "img";
    canvas.ariaLabel = `${symbol}: the last ${points.length} prices`;
    this.#plot.setData([points.map(({ time }) => time), points.map(({ price }) => price)]);
  }
}
