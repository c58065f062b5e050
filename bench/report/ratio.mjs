import { median } from "../stats.mjs";
import { isPeer } from "../systems.mjs";

/** Chooses the best of several figures. */
export const most = Math.max;
export const least = Math.min;

/**
 * Compares a system's figure with that of the best peer, round by round, so that a temporary slowdown of the machine
 * affects both. Returns the median of the ratios; NaN if no peer, or not the system itself, has the figure.
 */
export function againstBestPeer(results, name, key, best, peer = isPeer) {
  const hasFigure = (each) => results[each]?.every((round) => Number.isFinite(round[key]));
  const peers = Object.keys(results).filter((each) => peer(each) && hasFigure(each));
  if (peers.length === 0 || !hasFigure(name)) return Number.NaN;
  return median(
    results[name].map((round, index) => {
      const rivals = peers.flatMap((each) => results[each][index]?.[key] ?? []);
      return round[key] / best(...rivals);
    }),
  );
}

/** Compares a system's figure with that of one other system, in the same way. */
export const against = (results, name, key, other) =>
  againstBestPeer(results, name, key, least, (each) => each === other);

/** Compares under contention, where a peer counts with the better of its retry delays: the one that has all rounds. */
export const againstBestContender = ({ names, better, results }, name, key, best) =>
  againstBestPeer(results, name, key, best, (each) => better.includes(each) && isPeer(names[each]));
