import { describe, expect, test } from "vitest";
import { LayoutError, emptyLayout, include, layoutBounds, panelsOf, parseLayout, retain } from "./tree.js";
import type { Layout, LayoutNode } from "./tree.js";

const tabs = (panels: string, weight = 1, active?: string): LayoutNode => {
  const ids = panels.split(" ");
  return { kind: "tabs", weight, panels: ids, active: active ?? ids[0] ?? "" };
};
const split = (direction: "row" | "column", weight: number, ...children: LayoutNode[]): LayoutNode => ({ kind: "split", direction, weight, children });
const layout = (root: LayoutNode | undefined, rest: Partial<Layout> = {}): Layout => ({ version: 1, floats: [], ...(root && { root }), ...rest });
const box = { left: 0.1, top: 0.2, width: 0.3, height: 0.4 };

describe("parseLayout", () => {
  test("reads what was written", () => {
    const written = layout(split("row", 1, tabs("a b", 0.25, "b"), split("column", 0.75, tabs("c", 0.5), tabs("d", 0.5))), {
      floats: [{ node: tabs("e"), box }],
      maximised: "a",
      focused: "b",
    });
    expect(parseLayout(JSON.parse(JSON.stringify(written)))).toEqual(written);
    expect(parseLayout({ version: 1 })).toEqual(emptyLayout);
  });

  test("brings every tree into one form", () => {
    const messy = layout(split("row", 3, split("row", 2, tabs("a", 1), tabs("b", 3)), split("column", 2, split("row", 9, tabs("c")))));
    expect(parseLayout(messy)).toEqual(layout(split("row", 1, tabs("a", 0.125), tabs("b", 0.375), tabs("c", 0.5))));
  });

  const deep = (levels: number): unknown => (levels === 0 ? tabs("a") : { kind: "split", direction: "row", children: [deep(levels - 1)] });
  const many = Array.from({ length: layoutBounds.panels + 1 }, (_, i) => `p${i}`);
  test.each<[string, unknown, string]>([
    ["no object", [], "layout"],
    ["no version", {}, "layout.version"],
    ["a version of tomorrow", { version: 2 }, "layout.version"],
    ["a node of no kind", layout({ panels: ["a"] } as never), "root.kind"],
    ["no panels", { version: 1, root: { kind: "tabs", panels: [] } }, "root.panels"],
    ["a panel twice", layout(split("row", 1, tabs("a"), tabs("a"))), "root.children[1].panels[0]"],
    ["a panel docked and floating", layout(tabs("a"), { floats: [{ node: tabs("a"), box }] }), "floats[0].node.panels[0]"],
    ["an active panel of another group", layout(tabs("a b", 1, "c")), "root.active"],
    ["an id that is no string", { version: 1, root: { kind: "tabs", panels: [1] } }, "root.panels[0]"],
    ["an id without end", layout(tabs("x".repeat(257))), "root.panels[0]"],
    ["no children", { version: 1, root: { kind: "split", direction: "row", children: [] } }, "root.children"],
    ["a direction that is none", { version: 1, root: { kind: "split", direction: "up", children: [] } }, "root.direction"],
    ["no weight left", layout(tabs("a", 0)), "root.weight"],
    ["a weight that is none", { version: 1, root: { ...tabs("a"), weight: "1" } }, "root.weight"],
    ["a box outside", layout(undefined, { floats: [{ node: tabs("a"), box: { ...box, left: 2 } }] }), "floats[0].box.left"],
    ["a maximised panel without a place", layout(tabs("a"), { maximised: "b" }), "layout.maximised"],
    ["a focused panel without a place", layout(tabs("a"), { focused: "b" }), "layout.focused"],
    ["too many panels", { version: 1, root: { kind: "tabs", panels: many } }, "root.panels"],
    ["too deep a tree", { version: 1, root: deep(40) }, `root${".children[0]".repeat(layoutBounds.depth + 1)}`],
  ])("refuses %s", (_, value, path) => {
    expect(() => parseLayout(value)).toThrow(LayoutError);
    try {
      parseLayout(value);
    } catch (error) {
      expect((error as LayoutError).path).toBe(path);
    }
  });
});

test("retain drops what is not there and closes up", () => {
  const full = layout(split("row", 1, tabs("a b", 0.5, "b"), split("column", 0.5, tabs("c", 0.5), tabs("d", 0.5))), {
    floats: [{ node: tabs("e"), box }],
    maximised: "c",
    focused: "b",
  });
  expect(retain(full, () => true)).toEqual(full);
  expect(retain(full, (p) => "ad".includes(p))).toEqual(layout(split("row", 1, tabs("a", 0.5), tabs("d", 0.5))));
  expect(retain(full, (p) => p === "e")).toEqual(layout(undefined, { floats: [{ node: tabs("e"), box }] }));
  expect(retain(full, () => false)).toEqual(emptyLayout);
});

test("include adds panels behind the focused group, or the first", () => {
  const two = layout(split("row", 1, tabs("a", 0.5), tabs("b", 0.5)));
  expect(include(two, ["b", "a"])).toBe(two);
  expect(include(two, ["c", "a", "d"])).toEqual(layout(split("row", 1, tabs("a c d", 0.5), tabs("b", 0.5))));
  expect(include({ ...two, focused: "b" }, ["c"]).root).toEqual(split("row", 1, tabs("a", 0.5), tabs("b c", 0.5)));
  expect(include(emptyLayout, ["x", "y"])).toEqual(layout(tabs("x y")));
});

test("panelsOf reads docked panels before floating ones", () => {
  expect(panelsOf(layout(split("row", 1, tabs("a b"), tabs("c")), { floats: [{ node: tabs("d"), box }] }))).toEqual(["a", "b", "c", "d"]);
});
