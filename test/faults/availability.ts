import type { Injected } from "./inject.js";
import { overlaps, type Recorded, type RecordedNote, type Span, spansOf } from "./record.js";

/** How soon an uncontended resource was granted. Times in ms. */
export interface Availability {
  /** The number of measurements: one per fault of a server and client that was healthy then. */
  readonly measures: number;
  /** Measurements left out because a process of the test got no processor time. */
  readonly starved: number;
  /** Time from the fault to the next grant that was requested after the fault. */
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** The longest waits, for analysis. */
  readonly worst: readonly Wait[];
  /** The longest time between two grants of a client that was not disturbed itself. */
  readonly longestForOne: number;
  /** The longest time without a grant to any client. */
  readonly longestForAll: number;
}

interface Wait {
  readonly client: string;
  /** When the fault began, when the lease was requested, and when it was granted. */
  readonly from: number;
  readonly asked: number;
  readonly had: number;
}

interface Probe {
  readonly asked: number;
  readonly had: number;
}

/** Time in ms after a disturbance of a client itself during which it is ignored, because it reconnects. */
const recovery = 1_500;

/**
 * Measures the availability. `excused`: when each client was absent, stalled or partitioned from most servers, by name.
 * `stalls`: when all links stalled.
 */
export function measureAvailability(
  { leases, notes }: Recorded,
  injected: readonly Injected[],
  excused: ReadonlyMap<string, readonly Span[]>,
  stalls: readonly Span[],
): Availability {
  const waits: Wait[] = [];
  const grants = leases.map(({ start }) => start);
  let longestForOne = 0;
  let starved = 0;
  for (const [client, own] of byClient(notes)) {
    const probes = probesOf(own);
    const hurt = (excused.get(client) ?? []).map(({ from, to }) => ({ from, to: to + recovery }));
    const stalled = [...stalls, ...own.flatMap((note) => spansOf(note.stalls ?? []))];
    for (const { from, scope } of injected) {
      const next = probes.find(({ asked }) => asked >= from);
      if (scope !== "server" || next === undefined) continue;
      const span = { from, to: next.had };
      if (overlapsAny(span, hurt)) continue;
      if (overlapsAny(span, stalled)) starved += 1;
      else waits.push({ client, from, ...next });
    }
    const gaps = probes.slice(1).map(({ had }, index) => ({ from: probes[index]?.had ?? had, to: had }));
    longestForOne = Math.max(
      longestForOne,
      longest(gaps.filter((gap) => !overlapsAny(gap, hurt) && !overlapsAny(gap, stalled))),
    );
    for (const { had } of probes) grants.push(had);
  }
  const lengthOf = ({ from, had }: Wait) => had - from;
  waits.sort((a, b) => lengthOf(a) - lengthOf(b));
  const lengths = waits.map(lengthOf);
  const share = (part: number) =>
    lengths[Math.min(lengths.length - 1, Math.floor(part * lengths.length))] ?? 0;
  return {
    measures: waits.length,
    starved,
    p50: share(0.5),
    p99: share(0.99),
    most: share(1),
    worst: waits.slice(-5),
    longestForOne,
    longestForAll: longest(between(grants).filter((gap) => !overlapsAny(gap, stalls))),
  };
}

const overlapsAny = (span: Span, others: readonly Span[]): boolean =>
  others.some((other) => overlaps(span, other));

const longest = (spans: readonly Span[]): number =>
  spans.reduce((most, { from, to }) => Math.max(most, to - from), 0);

/** The spans between successive times. */
function between(times: number[]): Span[] {
  times.sort((a, b) => a - b);
  return times.slice(1).map((to, index) => ({ from: times[index] ?? to, to }));
}

/** Groups the notes of successive processes by client name. */
function byClient(notes: readonly RecordedNote[]): Map<string, RecordedNote[]> {
  const byName = new Map<string, RecordedNote[]>();
  for (const note of notes) {
    const name = note.client.replace(/\.\d+$/, "");
    const own = byName.get(name);
    if (own === undefined) byName.set(name, [note]);
    else own.push(note);
  }
  return byName;
}

const probesOf = (notes: readonly RecordedNote[]): Probe[] =>
  notes
    .flatMap(({ probes = [] }) => spansOf(probes))
    .map(({ from, to }) => ({ asked: from, had: to }))
    .sort((a, b) => a.had - b.had);
