import { expect, test } from "vitest";
import { Windows } from "./windows.js";

/** A window as far as this code sees one: it knows its parent, itself at the top. */
interface FakeWindow {
  parent: FakeWindow;
  closed: boolean;
}

function fake(parent?: FakeWindow): FakeWindow {
  const window = { closed: false } as FakeWindow;
  window.parent = parent ?? window;
  return window;
}

test("a sender is the frame, or numbered within it, or unknown", () => {
  const top = fake();
  const a = fake(top);
  const b = fake(top);
  const inA = fake(a);
  const windows = new Windows();
  windows.add(1, a);
  windows.add(2, b);
  expect(windows.find(a)).toEqual({ frame: 1, window: 0 });
  expect(windows.find(b)).toEqual({ frame: 2, window: 0 });
  expect(windows.find(inA)).toEqual({ frame: 1, window: 1 });
  expect(windows.find(fake(inA))).toEqual({ frame: 1, window: 2 });
  expect(windows.find(inA), "the number stays").toEqual({ frame: 1, window: 1 });
  expect(windows.find(fake(b))).toEqual({ frame: 2, window: 1 });
  expect(windows.nested(1, 1)).toBe(inA);
  for (const unknown of [top, fake(top), fake(), null, undefined, 7, "window", {}]) expect(windows.find(unknown)).toBeUndefined();

  windows.remove(1);
  expect(windows.find(a)).toBeUndefined();
  expect(windows.find(inA)).toBeUndefined();
  expect(windows.nested(1, 1)).toBeUndefined();
});

test("the way up is bounded, and a browser that refuses to say ends it", () => {
  const frame = fake(fake());
  const windows = new Windows();
  windows.add(1, frame);
  let window = frame;
  for (let level = 0; level < 16; level++) window = fake(window);
  expect(windows.find(window)).toEqual({ frame: 1, window: 1 });
  expect(windows.find(fake(window))).toBeUndefined();

  const ring = fake();
  ring.parent = fake(ring);
  expect(windows.find(ring)).toBeUndefined();
  const closed = Object.defineProperty({}, "parent", {
    get: () => {
      throw new Error("denied");
    },
  });
  expect(windows.find(closed)).toBeUndefined();
});

test("an app cannot fill the page with nested windows; closed ones make room", () => {
  const frame = fake(fake());
  const windows = new Windows();
  windows.add(1, frame);
  const nested = Array.from({ length: 64 }, () => fake(frame));
  nested.forEach((w, i) => expect(windows.find(w)).toEqual({ frame: 1, window: i + 1 }));
  const late = fake(frame);
  expect(windows.find(late)).toBeUndefined();
  if (nested[3]) nested[3].closed = true;
  expect(windows.find(late)).toEqual({ frame: 1, window: 65 });
  expect(windows.nested(1, 4)).toBeUndefined();
});
