import { expect, test } from "vitest";
import { defaultPlacement, parsePlacement } from "./placement.js";

test.each<[unknown, unknown]>([
  [undefined, undefined],
  [null, undefined],
  ["", undefined],
  ["{", undefined],
  [{ area: "moon" }, undefined],
  [{ area: "toString" }, undefined],
  [{ area: 1 }, undefined],
  [{ area: "tab" }, { area: "tab" }],
  [{ area: "bottom" }, { area: "down" }],
  ['{"area":"top","beside":"x"}', { area: "up", beside: "x" }],
  [{ area: "left", size: 5, beside: 7, behind: "yes" }, { area: "left", size: 0.9 }],
  [{ area: "left", size: Number.NaN, behind: true }, { area: "left", behind: true }],
])("parsePlacement(%j)", (hint, wanted) => {
  expect(parsePlacement(hint)).toEqual(wanted);
});

test("without a hint, groups with room are halved, and then tabs are stacked", () => {
  const group = (active: string, width: number, height: number) => ({ active, width, height });
  expect(defaultPlacement([])).toEqual({ area: "tab" });
  expect(defaultPlacement([group("a", 1200, 700)])).toEqual({ area: "right", beside: "a", size: 0.5 });
  expect(defaultPlacement([group("a", 600, 700), group("b", 600, 800)])).toEqual({ area: "down", beside: "b", size: 0.5 });
  expect(defaultPlacement([group("a", 600, 500)])).toEqual({ area: "tab" });
  expect(defaultPlacement(Array.from({ length: 4 }, () => group("a", 2000, 2000)))).toEqual({ area: "tab" });
  expect(defaultPlacement([{ active: undefined, width: 2000, height: 900 }])).toEqual({ area: "tab" });
});
