/**
 * What the runner calls in a frame. Clocks of a page tick in steps of 0.1 ms, so short things are measured many at
 * a time.
 */
import { payload } from "./payload.js";
import { fanOut } from "./fanout.js";

/**
 * Offers a scene's app to the runner.
 *
 * @param app call(value) resolves with the echo; update(value) sends a change to the subscribers; exchange(value)
 *   resolves when a change has been answered by a change
 */
export function offer(app) {
  globalThis.bench = {
    ready: true,
    app,
    roundTrips: (size, count) => roundTrips(app.call, payload(size), count),
    exchanges: (size, count) => roundTrips(app.exchange, payload(size), count),
    latencies: (size, ms) => latencies(app.call, payload(size), ms),
    throughput: (size, count, flight) => throughput(app.call, payload(size), count, flight),
    fanOut: (size, count) => fanOut(app.update, payload(size), count),
  };
}

/** Milliseconds a round trip, one after the other. Each value differs: some hubs do not send what has not changed. */
async function roundTrips(call, value, count) {
  const start = performance.now();
  for (value.n = 0; value.n < count; value.n++) await call(value);
  return (performance.now() - start) / count;
}

/** The milliseconds of each round trip within a time. */
async function latencies(call, value, ms) {
  const found = [];
  const end = performance.now() + ms;
  for (let start = performance.now(); start < end; ) {
    await call(value);
    const now = performance.now();
    found.push(now - start);
    start = now;
  }
  return found;
}

/** Calls a second, with so many in flight at any time. */
async function throughput(call, value, count, flight) {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await call(value);
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: flight }, lane));
  return (count / (performance.now() - start)) * 1000;
}
