import { median } from "../stats.mjs";
import { isPeer } from "../systems.mjs";

/** Chooses the best of several figures. */
export const most = Math.max;
export const least = Math.min;

/**
 * Compares a system's figure with that of the best peer, round by round, so that a temporary slowdown of the machine
 * affects both. Returns the median of the ratios; NaN if no peer has the figure.
 */
export function againstBestPeer(results, name, key, best, peer = isPeer) {
  const peers = Object.keys(results).filter(
    (each) => peer(each) && results[each].every((round) => round[key] !== undefined),
  );
  if (peers.length === 0) return Number.NaN;
  return median(
    results[name].map((round, index) => {
      const rivals = peers.flatMap((each) => results[each][index]?.[key] ?? []);
      return round[key] / best(...rivals);
    }),
  );
}
