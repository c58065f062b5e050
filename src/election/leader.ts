import type { Inspection } from "../api/types.js";
import type { FencedTerm, Leader } from "./types.js";

/**
 * Returns the leader that a quorum of nodes reports, or null. `now`: epoch ms. `own`: the term of this candidate, if it has
 * lasted since before the nodes were asked.
 */
export function leaderOf(
  { held, holder }: Pick<Inspection, "held" | "holder">,
  now: number,
  own: FencedTerm | null,
): Leader | null {
  if (held !== true || holder === null || holder.kept === true) return null;
  const { owner, ttlLeft } = holder;
  const leader = { owner, until: ttlLeft === null ? null : now + ttlLeft, isSelf: own !== null };
  // The fence is undefined unless the election has fences, whatever its type says.
  const fence: number | undefined = own?.fence;
  return fence === undefined ? leader : { ...leader, fence };
}
