import type { SourceView } from "../feed/frame-aggregate.js";
import type { LockView } from "../feed/frames.js";
import { observedTime } from "../feed/lag.js";

/**
 * ms after a grant for which an earlier lease on the same resource proves nothing: its release may be on the way, and
 * clocks differ.
 */
const margin = 1_500;

type Sources = ReadonlyMap<string, Pick<SourceView, "lag" | "completeUntil">>;

/** Epoch ms of the grant by the observer's clock. */
export const grantedAt = ({ source, granted, since }: LockView, sources: Sources): number =>
  observedTime(granted ?? since, sources.get(source)?.lag ?? 0);

/**
 * Whether a lease was still valid well after another grant, by what its process has said since. `at`: epoch ms of that grant
 * by the observer's clock.
 */
export function outlasts({ source, validUntil }: LockView, at: number, sources: Sources): boolean {
  const own = sources.get(source);
  if (own === undefined || validUntil === null) return false;
  return Math.min(own.completeUntil, validUntil) + own.lag >= at + margin;
}
