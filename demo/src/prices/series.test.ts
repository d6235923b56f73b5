import { expect, test } from "vitest";
import { maxPoints, readHistory, readPoint, Series } from "./series.js";

test("points are kept in the order of their times, each once, and the newest only", () => {
  const series = new Series();
  series.add({ time: 2, price: 20 }, { time: 3, price: 30 });
  series.add({ time: 1, price: 10 }, { time: 2, price: 21 });
  expect(series.points).toEqual([{ time: 1, price: 10 }, { time: 2, price: 21 }, { time: 3, price: 30 }]);
  for (let time = 4; time < 500; time++) series.add({ time, price: time });
  expect(series.points).toHaveLength(maxPoints);
  expect(series.points.at(-1)).toEqual({ time: 499, price: 499 });
});

test.each([[undefined], [null], [{}], [{ time: "1", price: 2 }], [{ time: 1, price: NaN }], [[1, 2]]])("%j is no quote", (quote) => {
  expect(readPoint(quote)).toBeUndefined();
});

test("a history leaves out what is none", () => {
  expect(readHistory({ time: [1, "x", 3], price: [10, 20, 30] })).toEqual([{ time: 1, price: 10 }, { time: 3, price: 30 }]);
  expect(readHistory({ time: [1] })).toEqual([]);
  expect(readHistory("no")).toEqual([]);
});
