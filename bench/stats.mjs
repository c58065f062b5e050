/** Order statistics. Quantiles use the nearest rank, so that every figure is a measured value. */
const ascending = (values) => Float64Array.from(values).sort();

const at = (sorted, share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];

export function median(values) {
  const sorted = ascending(values);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function summary(values) {
  const sorted = ascending(values);
  return { p50: at(sorted, 0.5), p99: at(sorted, 0.99), max: at(sorted, 1) };
}

/** The median and the range of a figure over the rounds. */
export function spread(values) {
  const sorted = ascending(values);
  return { median: median(sorted), min: sorted[0], max: at(sorted, 1) };
}

/** The median of each figure over the rounds. */
export const medians = (rounds) =>
  Object.fromEntries(Object.keys(rounds[0]).map((key) => [key, median(rounds.map((round) => round[key]))]));
