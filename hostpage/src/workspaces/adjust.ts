import type { Side } from "./placement.js";
import { panelsOf } from "./tree.js";
import type { Box, Direction, Float, Layout, LayoutNode } from "./tree.js";

/**
 * What the mouse does to an arrangement by dragging edges, floats and tabs, as functions from layout to layout, so that
 * keys can do it, too. A layout that cannot be changed so is returned as it is.
 */

/** The smallest share of its split, or of the workspace, that a group is made by keys. */
const smallest = 0.1;

/** Makes the group of a panel larger by a share of the workspace, or smaller where it is negative, along a direction. */
export function resized(layout: Layout, panel: string, direction: Direction, by: number): Layout {
  const extent = direction === "row" ? "width" : "height";
  const start = direction === "row" ? "left" : "top";
  const floated = withFloat(layout, panel, (box) => ({ ...box, [extent]: within(box[extent] + by, smallest, 1 - box[start]) }));
  if (floated || !layout.root) return floated ?? layout;
  return { ...layout, root: grow(layout.root, panel, direction, by) ?? layout.root };
}

/** Grows the innermost node around the panel that has neighbours along the direction; undefined where there is none. */
function grow(node: LayoutNode, panel: string, direction: Direction, by: number): LayoutNode | undefined {
  if (node.kind === "tabs") return undefined;
  const at = node.children.findIndex((child) => holds(child, panel));
  const child = node.children[at];
  if (!child) return undefined;
  const share = node.direction === direction ? child.weight : 1;
  const inner = grow(child, panel, direction, by / share);
  if (inner) return { ...node, children: node.children.with(at, inner) };
  if (node.direction !== direction) return undefined;
  const wanted = within(child.weight + by, smallest, 1 - smallest * (node.children.length - 1));
  const rest = 1 - child.weight;
  const children = node.children.map((c, i) => ({ ...c, weight: i === at ? wanted : (c.weight / rest) * (1 - wanted) }));
  return { ...node, children };
}

/** Moves a floating group by a share of the workspace; it stays inside. */
export function nudged(layout: Layout, panel: string, side: Side, by: number): Layout {
  const back = side === "left" || side === "up";
  const step = back ? -by : by;
  const move = (box: Box): Box =>
    side === "left" || side === "right"
      ? { ...box, left: within(box.left + step, 0, 1 - box.width) }
      : { ...box, top: within(box.top + step, 0, 1 - box.height) };
  return withFloat(layout, panel, move) ?? layout;
}

/** Moves a panel's tab among the tabs of its group: by -1 to the left, by 1 to the right. */
export function reordered(layout: Layout, panel: string, by: -1 | 1): Layout {
  const node = (n: LayoutNode): LayoutNode => {
    if (n.kind === "split") return { ...n, children: n.children.map(node) };
    const at = n.panels.indexOf(panel);
    const other = n.panels[at + by];
    if (at < 0 || other === undefined) return n;
    return { ...n, panels: n.panels.with(at, other).with(at + by, panel) };
  };
  const floats = layout.floats.map((f) => ({ ...f, node: node(f.node) }));
  return { ...layout, floats, ...(layout.root && { root: node(layout.root) }) };
}

/** Changes the box of the float that holds the panel; undefined where none does. */
function withFloat(layout: Layout, panel: string, change: (box: Box) => Box): Layout | undefined {
  const at = layout.floats.findIndex(({ node }) => holds(node, panel));
  const float: Float | undefined = layout.floats[at];
  return float && { ...layout, floats: layout.floats.with(at, { ...float, box: change(float.box) }) };
}

function holds(node: LayoutNode, panel: string): boolean {
  return panelsOf({ version: 1, floats: [], root: node }).includes(panel);
}

function within(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}
