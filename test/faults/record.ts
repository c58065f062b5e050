/** What the witness has on one lease. Times: ms of the clock that all processes of the machine share. */
export interface WitnessedLease {
  readonly id: string;
  /** The process that held it. */
  readonly client: string;
  readonly resource: string;
  readonly fence: number;
  /** When it was asked for; when the round that won it began, at the earliest; when the caller had it. */
  readonly asked: number;
  readonly won: number;
  readonly start: number;
  /** Until when it was valid by its own account, as far as that was told; 0: it came with nothing left. */
  readonly until: number;
  /** Just before its release was asked for; null where the holder never came to that. */
  readonly left: number | null;
  /** When the holder was told of its loss. */
  readonly lost: number | null;
  /** By how many ms that was after the deadline. */
  readonly overdue?: number;
  /** It was over, and the holder was not told. */
  readonly untold?: boolean;
  readonly writes: number;
  /** Writes whose fence was lower than one that was written before. */
  readonly refused: number;
  /** Writes after its end that were accepted, because nobody had come after it yet. */
  readonly late: number;
  /** Writes that were refused although it was valid. */
  readonly wronged: number;
}

/** A lease of a long ttl: when it was asked for, when its loss was told, and why. */
interface LostLease {
  readonly since: number;
  readonly at: number;
  readonly why: string;
}

/** What a process tells besides. */
export interface WitnessedNote {
  readonly client: string;
  readonly renewals?: number;
  /** How often a node was found to have lost its memory. */
  readonly quarantines?: number;
  /** How many acquisitions failed, by their errors' codes. */
  readonly errors?: Readonly<Record<string, number>>;
  /** Of a resource that nobody else wants: when it was asked for and when it was had, in turns. */
  readonly probes?: readonly number[];
  /** When it was granted resources, with fences, that nobody had ever locked. */
  readonly fresh?: readonly number[];
  /** Leases of a long ttl, renewed all the time, that it let go in the end, and those that it lost. */
  readonly kept?: number;
  readonly lost?: readonly LostLease[];
  /** While which it stood still, whatever made it: from and to, in turns. */
  readonly stalls?: readonly number[];
  /** What ended it against its will. */
  readonly crash?: string;
  readonly closed?: boolean;
}

export interface Witnessed {
  readonly leases: readonly WitnessedLease[];
  readonly notes: readonly WitnessedNote[];
}

export interface Span {
  readonly from: number;
  readonly to: number;
}

export const overlaps = (one: Span, other: Span): boolean => one.from < other.to && other.from < one.to;

/** From a list of starts and ends, in turns. */
export const spansOf = (times: readonly number[]): Span[] =>
  times.flatMap((from, index) => (index % 2 === 0 ? [{ from, to: times[index + 1] ?? from }] : []));

/** ms of the clock that all processes of the machine share. */
export const now = (): number => Number(process.hrtime.bigint()) / 1e6;

export function byResource(leases: readonly WitnessedLease[]): WitnessedLease[][] {
  const groups = new Map<string, WitnessedLease[]>();
  for (const lease of leases) {
    const group = groups.get(lease.resource);
    if (group === undefined) groups.set(lease.resource, [lease]);
    else group.push(lease);
  }
  return [...groups.values()];
}

/** In ascending order, those that overlap or touch made one. */
export function merged(spans: readonly Span[]): Span[] {
  const result: { from: number; to: number }[] = [];
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else result.push({ from, to });
  }
  return result;
}

/** ms of `span` that these cover; they must be merged. */
export function covered(span: Span, spans: readonly Span[]): number {
  let ms = 0;
  for (const { from, to } of spans) ms += Math.max(0, Math.min(to, span.to) - Math.max(from, span.from));
  return ms;
}
