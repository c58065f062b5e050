/** Order statistics; quantiles by the nearest rank, so that every figure is one that was measured. */
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

/** What rounds say of one figure: the median, and how far they lie apart. */
export function spread(values) {
  const sorted = ascending(values);
  return { median: median(sorted), min: sorted[0], max: at(sorted, 1) };
}
