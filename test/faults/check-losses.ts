import { covered, merged, type RecordedLease, type Span } from "./record.js";

/** Maximum time in ms from the deadline to the report of a loss: the interval of the clock check, and a busy machine. */
export const lossBound = 500;

export interface Losses {
  readonly lost: number;
  /** Lost leases whose process was running at the deadline. */
  readonly awake: number;
  readonly inTime: number;
  /** The latest report in ms after the deadline, of processes that were running. */
  readonly maxOverdue: number;
  /** The latest report in ms after resuming, of processes that were stalled at the deadline. */
  readonly maxAfterResuming: number;
  readonly late: readonly string[];
  readonly untold: readonly string[];
}

/** Checks that losses are reported in time. `stalledSpans`: when each process was stalled; this time does not count. */
export function judgeLosses(
  leases: readonly RecordedLease[],
  stalledSpans: ReadonlyMap<string, readonly Span[]>,
): Losses {
  const untold = leases.filter((lease) => lease.untold === true).map(({ id }) => id);
  const late: string[] = [];
  let lost = 0;
  let awake = 0;
  let maxOverdue = 0;
  let maxAfterResuming = 0;
  for (const lease of leases) {
    if (lease.lost === null) continue;
    lost += 1;
    const overdue = lease.overdue ?? 0;
    const deadline = lease.lost - overdue;
    const own = merged(stalledSpans.get(lease.client) ?? []);
    const wasStalled = own.some(({ from, to }) => from <= deadline + lossBound && deadline < to);
    // On a busy machine, a resumed process may stall again.
    const after = overdue - covered({ from: deadline, to: lease.lost }, own);
    if (!wasStalled) {
      awake += 1;
      maxOverdue = Math.max(maxOverdue, after);
    } else {
      maxAfterResuming = Math.max(maxAfterResuming, after);
    }
    if (after > lossBound) late.push(lease.id);
  }
  return { lost, awake, inTime: lost - late.length, maxOverdue, maxAfterResuming, late, untold };
}
