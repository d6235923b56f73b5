import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { WallClock } from "../src/runtime/clock.js";

const now = Date.UTC(2027, 0, 1);
const hour = 3_600_000;
const year = 365 * 24 * hour;

beforeEach(() => vi.useFakeTimers({ now, toFake: ["Date", "performance"] }));
afterEach(() => vi.useRealTimers());

test("the server's clock counts, whether the computer's is behind or ahead", () => {
  expect(new WallClock(now + year).now()).toBe(now + year);
  expect(new WallClock(now - year, now).now()).toBe(now - year);
});

test("without a server, it is not earlier than it has been already", () => {
  expect(new WallClock(undefined, now + hour).now()).toBe(now + hour);
  expect(new WallClock(undefined, now - hour).now()).toBe(now);
});

test("a clock that is set back while the page runs stops nothing", () => {
  const clock = new WallClock(now);
  vi.advanceTimersByTime(hour);
  vi.setSystemTime(now - year);
  expect(clock.now()).toBe(now + hour);
});

test("a computer that slept has not lost the time", () => {
  const clock = new WallClock(now);
  vi.setSystemTime(now + 8 * hour); // The other clock stood still.
  expect(clock.now()).toBe(now + 8 * hour);
  clock.set(now + 9 * hour);
  expect(clock.now()).toBe(now + 9 * hour);
});
