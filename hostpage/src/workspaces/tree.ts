/**
 * A layout as pure data: what is stored, sent and compared. It is our own schema and knows no docking library, so
 * that the engine behind it can be replaced without breaking a single saved layout.
 *
 * Sizes are weights (shares of the parent) and boxes are fractions of the workspace: a layout that was saved on a
 * wide screen opens on a narrow one.
 */

/** Group of panels shown as tabs. */
export interface Tabs {
  readonly kind: "tabs";
  readonly weight: number;
  /** Panel ids in tab order; never empty. */
  readonly panels: readonly string[];
  /** The panel in front; one of `panels`. */
  readonly active: string;
}

/** Nodes side by side ("row") or one above the other ("column"). */
export interface Split {
  readonly kind: "split";
  readonly weight: number;
  readonly direction: Direction;
  /** At least two; none is a split of the same direction. */
  readonly children: readonly LayoutNode[];
}

export type Direction = "row" | "column";
export type LayoutNode = Tabs | Split;

/** Place of a floating group, as fractions of the workspace's width and height. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Float {
  readonly node: LayoutNode;
  readonly box: Box;
}

export interface Layout {
  readonly version: typeof layoutVersion;
  /** Absent where nothing is docked. */
  readonly root?: LayoutNode;
  readonly floats: readonly Float[];
  /** A panel of the group that fills the workspace. */
  readonly maximised?: string;
  /** The panel that people work in. */
  readonly focused?: string;
}

export const layoutVersion = 1;
export const emptyLayout: Layout = { version: layoutVersion, floats: [] };

/** Bounds of a layout that is read: a stored file may come from anywhere. */
export const layoutBounds = { depth: 24, panels: 256, idLength: 256 } as const;

/** LayoutError says which member of a layout cannot be used; `path` is like "root.children[1].panels". */
export class LayoutError extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(`${path}: ${message}`);
    this.name = "LayoutError";
    this.path = path;
  }
}

/** Reads an unknown value as a layout and returns it normalised; throws LayoutError. */
export function parseLayout(value: unknown): Layout {
  const o = record(value, "layout");
  if (o["version"] !== layoutVersion) {
    throw new LayoutError("layout.version", `is ${String(o["version"])}, this page reads ${layoutVersion}`);
  }
  const seen = new Set<string>();
  const root = o["root"] === undefined ? undefined : parseNode(o["root"], "root", 0, seen);
  const floats = list(o["floats"] ?? [], "floats").map((f, i) => parseFloating(f, `floats[${i}]`, seen));
  return normalise({
    version: layoutVersion,
    floats,
    ...(root && { root }),
    ...panelField(o, "maximised", seen),
    ...panelField(o, "focused", seen),
  });
}

function parseFloating(value: unknown, path: string, seen: Set<string>): Float {
  const o = record(value, path);
  const b = record(o["box"], `${path}.box`);
  const side = (name: string, low: number): number => {
    const n = number(b[name], `${path}.box.${name}`);
    if (n < low || n > 1) throw new LayoutError(`${path}.box.${name}`, `is ${n}, must be within ${low} and 1`);
    return n;
  };
  const box = { left: side("left", 0), top: side("top", 0), width: side("width", 0.02), height: side("height", 0.02) };
  return { node: parseNode(o["node"], `${path}.node`, 0, seen), box };
}

function parseNode(value: unknown, path: string, depth: number, seen: Set<string>): LayoutNode {
  if (depth > layoutBounds.depth) throw new LayoutError(path, `is nested deeper than ${layoutBounds.depth}`);
  const o = record(value, path);
  const weight = o["weight"] === undefined ? 1 : number(o["weight"], `${path}.weight`);
  if (weight <= 0) throw new LayoutError(`${path}.weight`, "must be greater than 0");
  if (o["kind"] === "tabs") return parseTabs(o, weight, path, seen);
  if (o["kind"] !== "split") throw new LayoutError(`${path}.kind`, 'must be "tabs" or "split"');
  const direction = o["direction"];
  if (direction !== "row" && direction !== "column") {
    throw new LayoutError(`${path}.direction`, 'must be "row" or "column"');
  }
  const children = list(o["children"], `${path}.children`);
  if (children.length === 0) throw new LayoutError(`${path}.children`, "must not be empty");
  return {
    kind: "split",
    weight,
    direction,
    children: children.map((c, i) => parseNode(c, `${path}.children[${i}]`, depth + 1, seen)),
  };
}

function parseTabs(o: Record<string, unknown>, weight: number, path: string, seen: Set<string>): Tabs {
  const panels = list(o["panels"], `${path}.panels`).map((p, i) => {
    const id = panelId(p, `${path}.panels[${i}]`);
    if (seen.has(id)) throw new LayoutError(`${path}.panels[${i}]`, "names a panel that has a place already");
    seen.add(id);
    return id;
  });
  const first = panels[0];
  if (first === undefined) throw new LayoutError(`${path}.panels`, "must not be empty");
  if (seen.size > layoutBounds.panels) throw new LayoutError(path, `has more than ${layoutBounds.panels} panels`);
  const active = o["active"] === undefined ? first : panelId(o["active"], `${path}.active`);
  if (!panels.includes(active)) throw new LayoutError(`${path}.active`, "is none of the panels");
  return { kind: "tabs", weight, panels, active };
}

function panelField(
  o: Record<string, unknown>,
  name: "maximised" | "focused",
  seen: ReadonlySet<string>,
): { maximised?: string } | { focused?: string } {
  if (o[name] === undefined) return {};
  const id = panelId(o[name], `layout.${name}`);
  if (!seen.has(id)) throw new LayoutError(`layout.${name}`, "names a panel that has no place");
  return { [name]: id };
}

function panelId(value: unknown, path: string): string {
  if (typeof value !== "string" || value === "" || value.length > layoutBounds.idLength) {
    throw new LayoutError(path, `must be a string of 1 to ${layoutBounds.idLength} characters`);
  }
  return value;
}

function record(value: unknown, path: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new LayoutError(path, "must be an object");
  return value as Record<string, unknown>;
}

function list(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new LayoutError(path, "must be an array");
  if (value.length > layoutBounds.panels) throw new LayoutError(path, `has more than ${layoutBounds.panels} members`);
  return value;
}

function number(value: unknown, path: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new LayoutError(path, "must be a number");
  return value;
}

/** All panels in reading order, docked ones first. */
export function panelsOf(layout: Layout): string[] {
  const of = (n: LayoutNode): readonly string[] => (n.kind === "tabs" ? n.panels : n.children.flatMap(of));
  return [...(layout.root ? of(layout.root) : []), ...layout.floats.flatMap((f) => of(f.node))];
}

/** The layout without the panels that `keep` refuses; groups and splits that become empty go too. */
export function retain(layout: Layout, keep: (panel: string) => boolean): Layout {
  const node = (n: LayoutNode): LayoutNode | undefined => {
    if (n.kind === "split") {
      const children = n.children.map(node).filter((c) => c !== undefined);
      return children.length === 0 ? undefined : { ...n, children };
    }
    const panels = n.panels.filter(keep);
    const first = panels[0];
    if (first === undefined) return undefined;
    return { ...n, panels, active: keep(n.active) ? n.active : first };
  };
  const { root: oldRoot, maximised, focused, ...rest } = layout;
  const root = oldRoot && node(oldRoot);
  return normalise({
    ...rest,
    floats: layout.floats.flatMap((f) => {
      const kept = node(f.node);
      return kept ? [{ ...f, node: kept }] : [];
    }),
    ...(root && { root }),
    ...(maximised !== undefined && keep(maximised) && { maximised }),
    ...(focused !== undefined && keep(focused) && { focused }),
  });
}

/** The layout with each panel that has no place yet added behind the tabs of the focused group, or the first. */
export function include(layout: Layout, panels: readonly string[]): Layout {
  const placed = new Set(panelsOf(layout));
  const missing = panels.filter((p) => !placed.has(p));
  const first = missing[0];
  if (first === undefined) return layout;
  if (!layout.root) return { ...layout, root: { kind: "tabs", weight: 1, panels: missing, active: first } };
  let done = false;
  const add = (n: LayoutNode, wanted: (t: Tabs) => boolean): LayoutNode => {
    if (n.kind === "split") return { ...n, children: n.children.map((c) => add(c, wanted)) };
    if (done || !wanted(n)) return n;
    done = true;
    return { ...n, panels: [...n.panels, ...missing] };
  };
  const { focused } = layout;
  let root = focused === undefined ? layout.root : add(layout.root, (t) => t.panels.includes(focused));
  if (!done) root = add(root, () => true);
  return { ...layout, root };
}

/** The layout in its one canonical form: weights add up to 1, no split of one child, no split in a like split. */
export function normalise(layout: Layout): Layout {
  return {
    ...layout,
    ...(layout.root && { root: { ...flatten(layout.root), weight: 1 } }),
    floats: layout.floats.map((f) => ({ ...f, node: { ...flatten(f.node), weight: 1 } })),
  };
}

function flatten(node: LayoutNode): LayoutNode {
  if (node.kind === "tabs") return node;
  const children = node.children.flatMap((c): readonly LayoutNode[] => {
    const flat = flatten(c);
    return flat.kind === "split" && flat.direction === node.direction ? rescale(flat.children, flat.weight) : [flat];
  });
  const only = children.length === 1 ? children[0] : undefined;
  return only ? { ...only, weight: node.weight } : { ...node, children: rescale(children, 1) };
}

/** Gives the weights the sum `total`. Rounded, so that saving what was just loaded changes nothing. */
function rescale(nodes: readonly LayoutNode[], total: number): LayoutNode[] {
  const sum = nodes.reduce((s, n) => s + n.weight, 0);
  return nodes.map((n) => ({ ...n, weight: Math.round((n.weight / sum) * total * 1e4) / 1e4 || 1e-4 }));
}
