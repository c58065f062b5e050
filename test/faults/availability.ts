import type { Injected } from "./inject.js";
import { overlaps, type Span, spansOf, type Witnessed, type WitnessedNote } from "./record.js";

/** How soon a resource that nobody else wants could be had, times in ms. */
export interface Availability {
  /** One for each fault of a server and each client that was well then. */
  readonly measures: number;
  /** Those left out because a process of the run itself got no time to run. */
  readonly starved: number;
  /** From the fault to the next grant that was asked for after it. */
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  /** The worst of them, to be looked into. */
  readonly worst: readonly Wait[];
  /** The longest time from one grant of a client to its next, where nothing was wrong with the client itself. */
  readonly longestOfOne: number;
  /** The longest time in which no client was granted anything at all. */
  readonly longestOfAll: number;
}

interface Wait {
  readonly client: string;
  /** When the fault was, when the lease was asked for, and when it was had. */
  readonly from: number;
  readonly asked: number;
  readonly had: number;
}

interface Probe {
  readonly asked: number;
  readonly had: number;
}

/** ms after a client was hurt itself, until which it proves nothing about servers: it connects again. */
const recovery = 1_500;

/**
 * `excused`: while which each client was away, stood still or was parted from most servers, by its name; `stalls`: while
 * which everything between clients and servers stood still.
 */
export function measureAvailability(
  { leases, notes }: Witnessed,
  injected: readonly Injected[],
  excused: ReadonlyMap<string, readonly Span[]>,
  stalls: readonly Span[],
): Availability {
  const waits: Wait[] = [];
  const grants = leases.map(({ start }) => start);
  let longestOfOne = 0;
  let starved = 0;
  for (const [client, told] of byClient(notes)) {
    const probes = probesOf(told);
    const hurt = (excused.get(client) ?? []).map(({ from, to }) => ({ from, to: to + recovery }));
    const stood = [...stalls, ...told.flatMap((note) => spansOf(note.stalls ?? []))];
    for (const { from, scope } of injected) {
      const next = probes.find(({ asked }) => asked >= from);
      if (scope !== "server" || next === undefined) continue;
      const span = { from, to: next.had };
      if (meets(span, hurt)) continue;
      if (meets(span, stood)) starved += 1;
      else waits.push({ client, from, ...next });
    }
    const gaps = probes.slice(1).map(({ had }, index) => ({ from: probes[index]?.had ?? had, to: had }));
    longestOfOne = Math.max(
      longestOfOne,
      longest(gaps.filter((gap) => !meets(gap, hurt) && !meets(gap, stood))),
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
    longestOfOne,
    longestOfAll: longest(between(grants).filter((gap) => !meets(gap, stalls))),
  };
}

const meets = (span: Span, others: readonly Span[]): boolean => others.some((other) => overlaps(span, other));

const longest = (spans: readonly Span[]): number =>
  spans.reduce((most, { from, to }) => Math.max(most, to - from), 0);

/** From each time to the next one. */
function between(times: number[]): Span[] {
  times.sort((a, b) => a - b);
  return times.slice(1).map((to, index) => ({ from: times[index] ?? to, to }));
}

/** Of all processes that had the same name one after the other. */
function byClient(notes: readonly WitnessedNote[]): Map<string, WitnessedNote[]> {
  const told = new Map<string, WitnessedNote[]>();
  for (const note of notes) {
    const name = note.client.replace(/\.\d+$/, "");
    const own = told.get(name);
    if (own === undefined) told.set(name, [note]);
    else own.push(note);
  }
  return told;
}

const probesOf = (notes: readonly WitnessedNote[]): Probe[] =>
  notes
    .flatMap(({ probes = [] }) => spansOf(probes))
    .map(({ from, to }) => ({ asked: from, had: to }))
    .sort((a, b) => a.had - b.had);
