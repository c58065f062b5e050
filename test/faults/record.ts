/** The part of its resource that a lease takes. A lease that nobody else may hold beside takes all units. */
export interface Share {
  /** The units that it takes. */
  readonly takes: number;
  /** The units that there are. */
  readonly of: number;
}

/** The record of one lease. Times are ms of the clock that all processes of the machine share. */
export interface RecordedLease extends Share {
  readonly id: string;
  /** The process that held it. */
  readonly client: string;
  readonly resource: string;
  readonly fence: number;
  /** When the lease was requested; the earliest time at which the winning round began; when the caller got the lease. */
  readonly asked: number;
  readonly won: number;
  readonly start: number;
  /** The end of validity that the holder last reported; 0 if the lease was granted with no time left. */
  readonly until: number;
  /** Just before the release was requested; null if the holder never requested it. */
  readonly left: number | null;
  /** When the loss was reported to the holder; null if the lease was not lost. */
  readonly lost: number | null;
  /** How long after the deadline that was, in ms. */
  readonly overdue?: number;
  /** Whether the lease ended without a report to the holder. */
  readonly untold?: boolean;
  readonly writes: number;
  /** Writes with a fence lower than that of an earlier write. */
  readonly refused: number;
  /** Writes after the end of the lease that were accepted, because no later holder had written. */
  readonly late: number;
  /** Writes that were refused although the lease was valid. */
  readonly wronged: number;
}

/** A lost lease with a long TTL: when it was requested, when its loss was reported, and why it was lost. */
interface LostLease {
  readonly since: number;
  readonly at: number;
  readonly why: string;
}

/** Further counts and times that a process reports. */
export interface RecordedNote {
  readonly client: string;
  readonly renewals?: number;
  /** How often the process noticed that a node had lost its memory. */
  readonly quarantines?: number;
  /** The number of failed acquisitions, by error code. */
  readonly errors?: Readonly<Record<string, number>>;
  /** Leases of an uncontended resource: the times of request and grant, alternating. */
  readonly probes?: readonly number[];
  /** When the process was granted new resources with fences. */
  readonly fresh?: readonly number[];
  /** The number of leases with a long TTL that were renewed until their release, and the leases that were lost. */
  readonly kept?: number;
  readonly lost?: readonly LostLease[];
  /** The terms in which the process led: the fence, and the first and last time at which the process believed to lead. */
  readonly terms?: readonly { readonly fence: number; readonly from: number; readonly to: number }[];
  /** When the process was stalled: start and end, alternating. */
  readonly stalls?: readonly number[];
  /** The error that crashed the process. */
  readonly crash?: string;
  readonly closed?: boolean;
}

export interface Recorded {
  readonly leases: readonly RecordedLease[];
  readonly notes: readonly RecordedNote[];
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

export const overlaps = (one: Span, other: Span): boolean => one.from < other.to && other.from < one.to;

/** Converts a list of alternating starts and ends to spans. */
export const spansOf = (times: readonly number[]): Span[] =>
  times.flatMap((from, index) => (index % 2 === 0 ? [{ from, to: times[index + 1] ?? from }] : []));

/** The current time in ms of the clock that all processes of the machine share. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

export function byResource(leases: readonly RecordedLease[]): RecordedLease[][] {
  const groups = new Map<string, RecordedLease[]>();
  for (const lease of leases) {
    const group = groups.get(lease.resource);
    if (group === undefined) groups.set(lease.resource, [lease]);
    else group.push(lease);
  }
  return [...groups.values()];
}

/** Sorts the spans and merges those that overlap or touch. */
export function merged(spans: readonly Span[]): Span[] {
  const result: { from: number; to: number }[] = [];
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

/** Returns how many ms of `span` the merged `spans` cover. */
export function covered(span: Span, spans: readonly Span[]): number {
  let ms = 0;
  for (const { from, to } of spans) ms += Math.max(0, Math.min(to, span.to) - Math.max(from, span.from));
  return ms;
}
