import { describe, expect, test } from "vitest";
import { nudged, reordered, resized } from "./adjust.js";
import { parseLayout } from "./tree.js";
import type { Layout, LayoutNode } from "./tree.js";

const tabs = (panels: string, weight = 1): LayoutNode => ({ kind: "tabs", weight, panels: panels.split(" "), active: panels[0] ?? "" });
const split = (direction: "row" | "column", weight: number, ...children: LayoutNode[]): LayoutNode => ({ kind: "split", direction, weight, children });
const box = { left: 0.1, top: 0.2, width: 0.3, height: 0.4 };

/** a beside (b above c and d), e floats. */
const layout: Layout = {
  version: 1,
  root: split("row", 1, tabs("a", 0.5), split("column", 0.5, tabs("b", 0.5), split("row", 0.5, tabs("c", 0.6), tabs("d", 0.4)))),
  floats: [{ node: tabs("e f g"), box }],
};

/** Width and height of each docked group, as shares of the workspace. */
function sizes(node: LayoutNode | undefined, width = 1, height = 1): Record<string, [number, number]> {
  if (!node) return {};
  if (node.kind === "tabs") return { [node.panels[0] ?? ""]: [Math.round(width * 1e3) / 1e3, Math.round(height * 1e3) / 1e3] };
  const row = node.direction === "row";
  return Object.assign({}, ...node.children.map((c) => sizes(c, row ? width * c.weight : width, row ? height : height * c.weight)));
}

describe("resized", () => {
  test.each([
    ["a", "row", 0.1, { a: [0.6, 1], b: [0.4, 0.5], c: [0.24, 0.5], d: [0.16, 0.5] }],
    ["b", "row", 0.1, { a: [0.4, 1], b: [0.6, 0.5], c: [0.36, 0.5], d: [0.24, 0.5] }],
    ["b", "column", -0.1, { a: [0.5, 1], b: [0.5, 0.4], c: [0.3, 0.6], d: [0.2, 0.6] }],
    ["c", "row", 0.1, { a: [0.5, 1], b: [0.5, 0.5], c: [0.4, 0.5], d: [0.1, 0.5] }],
    ["c", "column", 0.2, { a: [0.5, 1], b: [0.5, 0.3], c: [0.3, 0.7], d: [0.2, 0.7] }],
    ["a", "row", 9, { a: [0.9, 1], b: [0.1, 0.5], c: [0.06, 0.5], d: [0.04, 0.5] }],
    ["a", "row", -9, { a: [0.1, 1], b: [0.9, 0.5], c: [0.54, 0.5], d: [0.36, 0.5] }],
    ["a", "column", 0.1, { a: [0.5, 1], b: [0.5, 0.5], c: [0.3, 0.5], d: [0.2, 0.5] }],
  ] as const)("%s along a %s by %d", (panel, direction, by, wanted) => {
    const changed = resized(layout, panel, direction, by);
    expect(sizes(changed.root)).toEqual(wanted);
    expect(sizes(parseLayout(changed).root)).toEqual(wanted);
  });

  test("a float stays inside of the workspace", () => {
    expect(resized(layout, "f", "row", 0.1).floats[0]?.box).toEqual({ ...box, width: 0.4 });
    expect(resized(layout, "f", "row", 9).floats[0]?.box).toEqual({ ...box, width: 0.9 });
    expect(resized(layout, "f", "column", -9).floats[0]?.box).toEqual({ ...box, height: 0.1 });
  });

  test("what is alone, or not there, stays as it is", () => {
    const alone: Layout = { version: 1, root: tabs("a"), floats: [] };
    expect(resized(alone, "a", "row", 0.1)).toEqual(alone);
    expect(resized(layout, "x", "row", 0.1)).toEqual(layout);
    expect(resized({ version: 1, floats: [] }, "a", "row", 0.1)).toEqual({ version: 1, floats: [] });
  });
});

test("nudged moves a float, up to the edges", () => {
  const moved = (side: "left" | "right" | "up" | "down", by: number): unknown => nudged(layout, "g", side, by).floats[0]?.box;
  expect(moved("left", 0.05)).toEqual({ ...box, left: 0.05 });
  expect(moved("left", 9)).toEqual({ ...box, left: 0 });
  expect(moved("right", 9)).toEqual({ ...box, left: 0.7 });
  expect(moved("up", 9)).toEqual({ ...box, top: 0 });
  expect(moved("down", 9)).toEqual({ ...box, top: 0.6 });
  expect(nudged(layout, "a", "left", 0.1)).toEqual(layout);
});

test("reordered moves a tab among its neighbours, and not out of its group", () => {
  const order = (panel: string, by: -1 | 1): unknown => reordered(layout, panel, by).floats[0]?.node;
  expect(order("f", 1)).toMatchObject({ panels: ["e", "g", "f"] });
  expect(order("f", -1)).toMatchObject({ panels: ["f", "e", "g"] });
  expect(order("e", -1)).toMatchObject({ panels: ["e", "f", "g"] });
  expect(order("g", 1)).toMatchObject({ panels: ["e", "f", "g"] });
  expect(reordered(layout, "a", 1)).toEqual(layout);
});
