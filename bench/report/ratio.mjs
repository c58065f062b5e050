import { median } from "../stats.mjs";
import { isPeer } from "../systems.mjs";

/** Which of two is better. */
export const most = Math.max;
export const least = Math.min;

/**
 * A system's figure against that of the best peer: round by round, because what slows the machine for a while slows
 * both; then the median. NaN when no peer has the figure.
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
