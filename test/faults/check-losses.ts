import { covered, merged, type Span, type WitnessedLease } from "./record.js";

/** ms after the deadline by which a loss must have been told: the tick that compares the clocks, and a busy machine. */
export const lossBound = 500;

export interface Losses {
  readonly lost: number;
  /** Of them, those whose process ran at the deadline. */
  readonly awake: number;
  readonly inTime: number;
  /** ms, of those awake. */
  readonly mostOverdue: number;
  /** Of those that stood still at the deadline: ms that they then had, until they told it. */
  readonly mostAfterWaking: number;
  readonly late: readonly string[];
  readonly untold: readonly string[];
}

/** `stills`: while which each process stood still, whatever made it. That time does not count. */
export function judgeLosses(
  leases: readonly WitnessedLease[],
  stills: ReadonlyMap<string, readonly Span[]>,
): Losses {
  const untold = leases.filter((lease) => lease.untold === true).map(({ id }) => id);
  const late: string[] = [];
  let lost = 0;
  let awake = 0;
  let mostOverdue = 0;
  let mostAfterWaking = 0;
  for (const lease of leases) {
    if (lease.lost === null) continue;
    lost += 1;
    const overdue = lease.overdue ?? 0;
    const deadline = lease.lost - overdue;
    const own = merged(stills.get(lease.client) ?? []);
    const isStill = own.some(({ from, to }) => from <= deadline + lossBound && deadline < to);
    // A process that goes on on a busy machine may be kept waiting again, and again.
    const after = overdue - covered({ from: deadline, to: lease.lost }, own);
    if (!isStill) {
      awake += 1;
      mostOverdue = Math.max(mostOverdue, after);
    } else {
      mostAfterWaking = Math.max(mostAfterWaking, after);
    }
    if (after > lossBound) late.push(lease.id);
  }
  return { lost, awake, inTime: lost - late.length, mostOverdue, mostAfterWaking, late, untold };
}
