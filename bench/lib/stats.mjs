// Medians, percentiles and bootstrap intervals. The random numbers are seeded, so that the same samples always give
// the same interval.

const resamples = 2000;

export function percentile(values, p) {
  const sorted = Float64Array.from(values).sort();
  const at = (sorted.length - 1) * p;
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

export const median = (values) => percentile(values, 0.5);

/** A statistic of samples with its 95 % bootstrap interval. */
export function estimate(samples, statistic = median) {
  const random = seeded(samples.length);
  const draw = () => samples[Math.floor(random() * samples.length)];
  const found = Array.from({ length: resamples }, () => statistic(samples.map(draw)));
  return { value: statistic(samples), low: percentile(found, 0.025), high: percentile(found, 0.975) };
}

/**
 * The ratio of two variants that were measured in turns: the median of the ratios of each round, because what
 * disturbs a round mostly disturbs both.
 */
export function ratio(samples, baseline) {
  return estimate(samples.map((sample, round) => sample / baseline[round]));
}

/** mulberry32 */
function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
