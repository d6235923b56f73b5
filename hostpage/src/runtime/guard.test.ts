import { defaultLimits } from "@crossframe/protocol";
import { expect, test } from "vitest";
import { Guard } from "./guard.js";

const limits = { ...defaultLimits, messagesPerSecond: 200, burst: 1000 };

/** Sends at a rate, one message after the other, and returns how many passed and when it counted as a flood, in ms. */
function send(perSecond: number, seconds: number): { passed: number; flooding: number | undefined } {
  const guard = new Guard(limits, 0);
  let passed = 0;
  for (let i = 1; i <= perSecond * seconds; i++) {
    const now = (i * 1000) / perSecond;
    guard.refill(now);
    if (guard.take()) passed++;
    if (guard.flooding) return { passed, flooding: now };
  }
  return { passed, flooding: undefined };
}

test("who keeps to the rate is never refused, and who goes somewhat over it is never cut off", () => {
  expect(send(200, 60)).toEqual({ passed: 12_000, flooding: undefined });
  const { passed, flooding } = send(390, 60);
  expect(flooding).toBeUndefined();
  expect(passed).toBeGreaterThan(12_900);
  expect(passed).toBeLessThanOrEqual(13_000);
});

// A bucket that fills lets a message pass now and then, also during a flood. That must not make up for the others.
test("a flood is cut off, however it is spread", () => {
  for (const perSecond of [2_000, 20_000, 200_000]) {
    const { passed, flooding } = send(perSecond, 10);
    expect(flooding, `${perSecond} a second`).toBeLessThan(2_000);
    expect(passed, `${perSecond} a second`).toBeLessThan(1_500);
  }
});

test("a connection that is admitted begins anew", () => {
  const guard = new Guard(limits, 0);
  for (let i = 0; i < 5_000; i++) guard.take();
  expect(guard.flooding).toBe(true);
  guard.admit("id", limits);
  expect(guard.flooding).toBe(false);
  expect(guard.take()).toBe(true);
});
