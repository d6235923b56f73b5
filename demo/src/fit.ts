import type uPlot from "uplot";

/** fit keeps a plot as large as its element, above the plot's own legend. */
export function fit(plot: uPlot, root: HTMLElement): void {
  new ResizeObserver(() => {
    const { clientWidth, clientHeight } = root;
    // A hidden panel has no size; the plot keeps the one it had.
    if (clientWidth === 0 || clientHeight === 0) return;
    const { paddingLeft, paddingRight, paddingTop } = getComputedStyle(root);
    const width = clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    // How many lines the legend takes depends on the width, so that one is set first.
    plot.root.style.width = `${width}px`;
    const legend = plot.root.querySelector<HTMLElement>(".u-legend")?.offsetHeight ?? 0;
    plot.setSize({ width, height: Math.max(80, clientHeight - parseFloat(paddingTop) - legend) });
  }).observe(root);
}
