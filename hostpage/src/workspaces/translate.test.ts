import { expect, test } from "vitest";
import { fromDockview, toDockview } from "./translate.js";
import type { Layout } from "./tree.js";

const area = { width: 1000, height: 600 };

const layout: Layout = {
  version: 1,
  root: {
    kind: "split",
    weight: 1,
    direction: "column",
    children: [
      { kind: "tabs", weight: 0.25, panels: ["a", "b"], active: "b" },
      {
        kind: "split",
        weight: 0.75,
        direction: "row",
        children: [
          { kind: "tabs", weight: 0.4, panels: ["c"], active: "c" },
          { kind: "tabs", weight: 0.6, panels: ["d"], active: "d" },
        ],
      },
    ],
  },
  floats: [
    { node: { kind: "tabs", weight: 1, panels: ["e"], active: "e" }, box: { left: 0.1, top: 0.2, width: 0.5, height: 0.5 } },
    {
      node: {
        kind: "split",
        weight: 1,
        direction: "row",
        children: [
          { kind: "tabs", weight: 0.5, panels: ["f"], active: "f" },
          { kind: "tabs", weight: 0.5, panels: ["g"], active: "g" },
        ],
      },
      box: { left: 0.2, top: 0.1, width: 0.5, height: 0.5 },
    },
  ],
  focused: "d",
};

test("a layout is what dockview reads: sizes in pixels along the parent, one branch at the root", () => {
  const { grid, panels, activeGroup, floatingGroups } = toDockview(layout, area, (p) => `Title ${p}`);
  expect(grid).toEqual({
    orientation: "VERTICAL",
    ...area,
    root: {
      type: "branch",
      size: 1000,
      data: [
        { type: "leaf", size: 150, data: { id: "group-1", views: ["a", "b"], activeView: "b" } },
        {
          type: "branch",
          size: 450,
          data: [
            { type: "leaf", size: 400, data: { id: "group-2", views: ["c"], activeView: "c" } },
            { type: "leaf", size: 600, data: { id: "group-3", views: ["d"], activeView: "d" } },
          ],
        },
      ],
    },
  });
  expect(activeGroup).toBe("group-3");
  expect(panels["a"]).toEqual({ id: "a", contentComponent: "frame", tabComponent: "frame", title: "Title a", renderer: "always" });
  expect(Object.keys(panels)).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
  expect(floatingGroups?.map((f) => f.position)).toEqual([
    { left: 100, top: 120, width: 500, height: 300 },
    { left: 200, top: 60, width: 500, height: 300 },
  ]);
});

test("a layout survives the way there and back", () => {
  expect(fromDockview(toDockview(layout, area, String), area, { focused: "d" })).toEqual(layout);
  const single: Layout = { version: 1, floats: [], root: { kind: "tabs", weight: 1, panels: ["a"], active: "a" } };
  expect(fromDockview(toDockview(single, area, String), area, {})).toEqual(single);
  const none: Layout = { version: 1, floats: [] };
  expect(fromDockview(toDockview(none, area, String), area, {})).toEqual(none);
});

test("a float stays usable and inside, on whatever screen it opens", () => {
  const float = (left: number, top: number, width: number, height: number): Layout => ({
    version: 1,
    floats: [{ node: { kind: "tabs", weight: 1, panels: ["a"], active: "a" }, box: { left, top, width, height } }],
  });
  const at = (l: Layout, on: typeof area): unknown => toDockview(l, on, String).floatingGroups?.[0]?.position;
  expect(at(float(0.9, 0.9, 0.5, 0.5), area)).toEqual({ left: 500, top: 300, width: 500, height: 300 });
  expect(at(float(0, 0, 0.02, 0.02), area)).toEqual({ left: 0, top: 0, width: 240, height: 160 });
  expect(at(float(0.5, 0.5, 0.5, 0.5), { width: 200, height: 100 })).toEqual({ left: 0, top: 0, width: 200, height: 100 });
});

test("floats anchored to the far edges are measured from the near ones", () => {
  const data = toDockview({ version: 1, floats: [] }, area, String);
  const moved = { ...data, floatingGroups: [{ data: { id: "g", views: ["a"] }, position: { right: 100, bottom: 60, width: 300, height: 240 } }] };
  expect(fromDockview(moved, area, {}).floats[0]?.box).toEqual({ left: 0.6, top: 0.5, width: 0.3, height: 0.4 });
});
