/**
 * The times in ms from each call of release to the next holder's run, in order. A negative time is an overlap of two leases,
 * as the holders see them: a holder learns of a grant late, and counts until it calls release.
 */
export function handoversOf(leases) {
  const ordered = [...leases].sort(([a], [b]) => a - b);
  return ordered.slice(1).map(([granted], index) => granted - ordered[index][1]);
}
