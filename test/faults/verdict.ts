import { type Availability, measureAvailability } from "./availability.js";
import { type Elections, judgeElections } from "./check-elections.js";
import { findOverlaps, type Overlap } from "./check-exclusion.js";
import { type FenceFault, findFenceFaults } from "./check-fences.js";
import { judgeLiveness, type Liveness, type LivenessFacts } from "./check-liveness.js";
import { judgeLosses, type Losses } from "./check-losses.js";
import { judgeOrder, type Order } from "./check-order.js";
import type { Client, ProcessRun } from "./client.js";
import { Disturbances } from "./disturbances.js";
import type { Injection } from "./inject.js";
import type { FaultClass } from "./limits.js";
import { now, type Recorded, type RecordedLease, type Span, spansOf } from "./record.js";
import { ownerOf, type Sighting } from "./scanner.js";

/** The result of a run. */
export interface Verdict {
  readonly class: FaultClass;
  readonly acquisitions: number;
  /** Leases that leave a part of their resource to others, by the work that they belong to. */
  readonly partial: Readonly<Record<"permit" | "share", number>>;
  /** Acquisitions of uncontended resources. */
  readonly uncontended: number;
  readonly renewals: number;
  /** How often a process noticed that a node had lost its memory, and took no vote from that node. */
  readonly quarantines: number;
  readonly writes: number;
  /** Writes that the recorder refused because of a stale fence. */
  readonly refused: number;
  readonly faults: number;
  readonly faultsByKind: Readonly<Record<string, number>>;
  readonly overlaps: readonly Overlap[];
  readonly fenceFaults: readonly FenceFault[];
  /** Valid leases whose writes were refused. */
  readonly wronged: readonly string[];
  readonly losses: Losses;
  readonly availability: Availability;
  readonly liveness: Liveness;
  readonly order: Order;
  readonly elections: Elections;
  /** Keys that remained on the servers after all clients had ended. */
  readonly leftAtTheEnd: readonly string[];
  /** The number of failed acquisitions, by error code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Problems of the processes and of the injection. */
  readonly problems: readonly string[];
  /** The leases that are part of a violation. */
  readonly evidence: readonly RecordedLease[];
  readonly injected: Injection["injected"];
  /** The violations. Beyond the assumptions, overlaps are not violations. */
  readonly violations: readonly string[];
}

/** How long before a violation a fault is mentioned with it, in ms. */
const recently = 3_000;

/** The further facts about the end of a run. */
export interface RunEnd {
  /** The outputs of clients that failed to end properly. */
  readonly ends: readonly string[];
  /** Keys that remained on the servers. */
  readonly left?: readonly string[];
  readonly sightings?: readonly Sighting[];
  readonly servers?: number;
  readonly within?: LivenessFacts["within"];
}

export function judge(
  { leases, notes }: Recorded,
  { injected, stalls, problems }: Injection,
  clients: readonly Client[],
  faultClass: FaultClass,
  { ends, left: found = [], sightings = [], servers = 0, within = {} }: RunEnd = { ends: [] },
): Verdict {
  const overlaps = findOverlaps(leases);
  const fenceFaults = findFenceFaults(leases);
  const wronged = leases.filter((lease) => lease.wronged > 0).map(({ id }) => id);
  const losses = judgeLosses(leases, stalledSpansOf(clients, notes));
  const involved = new Set([
    ...fenceFaults.flatMap(({ earlier, later }) => [earlier, later]),
    ...overlaps.flatMap(({ one, other }) => [one, other]),
    ...[...losses.late, ...losses.untold],
  ]);
  const crashes = notes.flatMap(({ client, crash }) => (crash === undefined ? [] : [`${client}: ${crash}`]));
  const uncontended = notes.reduce((sum, { probes = [] }) => sum + probes.length / 2, 0);
  const disturbances = new Disturbances(injected, stalls, notes);
  const runs = clients.flatMap((client) => client.runs);
  const inBounds = faultClass === "in bounds";
  const recorded = { leases, notes };
  const liveness = judgeLiveness({ recorded, sightings, servers, runs, disturbances, inBounds, within });
  const order = judgeOrder(leases, runs, servers, disturbances);
  const elections = judgeElections(notes);
  const left = found.filter((key) => !isOfKilledProcess(key, runs));
  const violations = [
    ...fenceFaults.map(({ kind, resource, earlier, later, fences }) => {
      return `fences of ${resource}: a ${kind} from ${fences[0]} (${earlier}) to ${fences[1]} (${later})`;
    }),
    ...losses.late.map((id) => `the loss of ${id} was reported too late`),
    ...losses.untold.map((id) => `the loss of ${id} was not reported`),
    ...liveness.faults,
    ...left.map((key) => `left at the end: ${key}`),
    ...crashes.map((crash) => `a process ended by itself: ${crash}`),
  ];
  const partialOf = (work: string) =>
    leases.filter(({ resource, takes, of }) => takes < of && resource.startsWith(`${work}-`)).length;
  const startOf = new Map(leases.map(({ id, start }) => [id, start]));
  /** Names the faults just before a lease, as a hint to the cause. */
  const after = (id: string) => {
    const at = startOf.get(id) ?? 0;
    const recent = injected.filter(({ from, to }) => from < at && at < to + recently);
    return recent.map(({ kind, scope, target }) => `${kind} (${scope} ${target})`).join(", ");
  };
  if (inBounds) {
    violations.push(...order.faults, ...elections.overlaps, ...elections.fenceFaults);
    violations.unshift(
      ...overlaps.map(({ resource, one, other, ms }) => {
        return `${resource} was held by ${one} and ${other} at the same time, for ${ms.toFixed(3)} ms, after: ${after(other)}`;
      }),
      ...wronged.map((id) => `a write of ${id} was refused although its lease was valid`),
    );
  }
  return {
    class: faultClass,
    acquisitions: leases.length + uncontended,
    partial: { permit: partialOf("permit"), share: partialOf("share") },
    uncontended,
    renewals: sum(notes, ({ renewals = 0 }) => renewals),
    quarantines: sum(notes, ({ quarantines = 0 }) => quarantines),
    writes: sum(leases, ({ writes }) => writes),
    refused: sum(leases, ({ refused }) => refused),
    faults: injected.length,
    faultsByKind: countBy(injected.map(({ kind }) => kind)),
    overlaps,
    fenceFaults,
    wronged,
    losses,
    availability: measureAvailability({ leases, notes }, injected, excuses(clients, injected), stalls),
    liveness,
    order,
    elections,
    leftAtTheEnd: left,
    errors: added(notes.map(({ errors = {} }) => errors)),
    problems: [...problems, ...ends],
    evidence: leases.filter(({ id }) => involved.has(id)),
    injected,
    violations,
  };
}

/** Whether a killed process left the key, which is not a violation. */
function isOfKilledProcess(key: string, runs: readonly ProcessRun[]): boolean {
  const id = ownerOf(key);
  return runs.some((run) => run.id === id && run.killed === true);
}

/** When each process was stopped, or got no processor time. */
function stalledSpansOf(clients: readonly Client[], notes: Recorded["notes"]): Map<string, Span[]> {
  const stalledSpans = new Map(clients.flatMap((client) => [...client.stalledSpans]));
  for (const { client, stalls = [] } of notes) {
    if (stalls.length > 0)
      stalledSpans.set(client, [...(stalledSpans.get(client) ?? []), ...spansOf(stalls)]);
  }
  return stalledSpans;
}

/** When a client is ignored in the measurement of availability. */
function excuses(clients: readonly Client[], injected: Injection["injected"]): Map<string, readonly Span[]> {
  const spans = clients.map(({ name, absences }, index) => {
    const parted = injected.filter(({ scope, target }) => scope === "client" && target === index);
    return [name, [...absences, ...parted, { from: now(), to: Number.POSITIVE_INFINITY }]] as const;
  });
  return new Map(spans);
}

const sum = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((total, value) => total + of(value), 0);

const countBy = (names: readonly string[]): Record<string, number> =>
  added(names.map((name) => ({ [name]: 1 })));

function added(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [name, count] of counts.flatMap((one) => Object.entries(one)))
    total[name] = (total[name] ?? 0) + count;
  return total;
}
