import type { SerializedDockview } from "dockview";
import { layoutVersion, normalise } from "./tree.js";
import type { Box, Direction, Float, Layout, LayoutNode, Tabs } from "./tree.js";

/**
 * Translates between our layouts and what dockview 8 reads and writes. Its JSON changed its shape between major
 * versions, so it exists only between these two functions and the library and is never stored.
 *
 * Facts it rests on: the root is always a branch; orientations alternate from level to level; `size` is a node's
 * size along its parent's direction, the root's is its size across its own.
 */

type Node = SerializedDockview["grid"]["root"];
type Group = NonNullable<NonNullable<SerializedDockview["floatingGroups"]>[number]["data"]>;
type Floating = NonNullable<SerializedDockview["floatingGroups"]>[number];
type Orientation = SerializedDockview["grid"]["orientation"];

/** The workspace's size in CSS pixels. */
export interface Area {
  readonly width: number;
  readonly height: number;
}

/** Name of the content and tab renderer that every panel has. */
export const renderer = "frame";

/** Smallest floating group, in CSS pixels: its tabs and actions stay usable. */
const smallestFloat: Area = { width: 240, height: 160 };

export function toDockview(layout: Layout, area: Area, titleOf: (panel: string) => string): SerializedDockview {
  const panels: SerializedDockview["panels"] = {};
  let groups = 0;
  let activeGroup: string | undefined;

  const group = (tabs: Tabs): Group => {
    const id = `group-${++groups}`;
    if (layout.focused !== undefined && tabs.panels.includes(layout.focused)) activeGroup = id;
    for (const panel of tabs.panels) {
      panels[panel] = {
        id: panel,
        contentComponent: renderer,
        tabComponent: renderer,
        title: titleOf(panel),
        renderer: "always",
      };
    }
    return { id, views: [...tabs.panels], activeView: tabs.active };
  };

  const node = (n: LayoutNode, size: number, along: Direction, box: Area): Node => {
    if (n.kind === "tabs") return { type: "leaf", data: group(n), size };
    const own = along === "row" ? { ...box, width: size } : { ...box, height: size };
    return { type: "branch", size, data: children(n.children, n.direction, own) };
  };

  const children = (nodes: readonly LayoutNode[], direction: Direction, box: Area): Node[] => {
    const extent = direction === "row" ? box.width : box.height;
    const sum = nodes.reduce((s, n) => s + n.weight, 0);
    return nodes.map((n) => node(n, (n.weight / sum) * extent, direction, box));
  };

  const grid = (n: LayoutNode | undefined, box: Area): SerializedDockview["grid"] => {
    const direction = n?.kind === "split" ? n.direction : "row";
    const parts = n === undefined ? [] : n.kind === "split" ? n.children : [n];
    return {
      root: {
        type: "branch",
        size: direction === "row" ? box.height : box.width,
        data: children(parts, direction, box),
      },
      ...box,
      orientation: orientationOf(direction),
    };
  };

  const docked = grid(layout.root, area);
  const floatingGroups = layout.floats.map((f): Floating => {
    const position = pixels(f.box, area);
    if (f.node.kind === "tabs") return { data: group(f.node), position };
    return { grid: grid(f.node, position) as NonNullable<Floating["grid"]>, position };
  });
  return { grid: docked, panels, floatingGroups, ...(activeGroup !== undefined && { activeGroup }) };
}

export function fromDockview(
  data: SerializedDockview,
  area: Area,
  state: Pick<Layout, "maximised" | "focused">,
): Layout {
  const root = fromBranch(data.grid.root, data.grid.orientation);
  const floats = (data.floatingGroups ?? []).flatMap((f): Float[] => {
    const node = f.grid ? fromBranch(f.grid.root, f.grid.orientation) : f.data && fromGroup(f.data, 1);
    return node ? [{ node, box: fractions(f.position, area) }] : [];
  });
  return normalise({ version: layoutVersion, floats, ...(root && { root }), ...state });
}

function fromBranch(n: Node, orientation: Orientation): LayoutNode | undefined {
  const weight = n.size && n.size > 0 ? n.size : 1;
  if (n.type === "leaf") return fromGroup(n.data as Group, weight);
  const direction = directionOf(orientation);
  const other = orientationOf(direction === "row" ? "column" : "row");
  const children = (n.data as Node[]).map((c) => fromBranch(c, other)).filter((c) => c !== undefined);
  return children.length === 0 ? undefined : { kind: "split", weight, direction, children };
}

function fromGroup(g: Group, weight: number): Tabs | undefined {
  const first = g.views[0];
  if (first === undefined) return undefined;
  return { kind: "tabs", weight, panels: g.views, active: g.activeView ?? first };
}

const orientationOf = (d: Direction): Orientation => (d === "row" ? "HORIZONTAL" : "VERTICAL") as Orientation;
const directionOf = (o: Orientation): Direction => ((o as string) === "HORIZONTAL" ? "row" : "column");

function pixels(box: Box, area: Area): { left: number; top: number; width: number; height: number } {
  const width = Math.min(area.width, Math.max(smallestFloat.width, box.width * area.width));
  const height = Math.min(area.height, Math.max(smallestFloat.height, box.height * area.height));
  return {
    left: Math.max(0, Math.min(box.left * area.width, area.width - width)),
    top: Math.max(0, Math.min(box.top * area.height, area.height - height)),
    width,
    height,
  };
}

/** Floats are anchored to whichever edges are nearer; ours are measured from the left and the top. */
function fractions(p: Floating["position"], area: Area): Box {
  const left = "left" in p ? p.left : area.width - p.right - p.width;
  const top = "top" in p ? p.top : area.height - p.bottom - p.height;
  const share = (n: number, of: number, low: number): number =>
    of > 0 ? Math.round(Math.min(1, Math.max(low, n / of)) * 1e4) / 1e4 : low;
  return {
    left: share(left, area.width, 0),
    top: share(top, area.height, 0),
    width: share(p.width, area.width, 0.02),
    height: share(p.height, area.height, 0.02),
  };
}
