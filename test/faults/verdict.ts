import { type Availability, measureAvailability } from "./availability.js";
import { findOverlaps, type Overlap } from "./check-exclusion.js";
import { type FenceFault, findFenceFaults } from "./check-fences.js";
import { judgeLiveness, type Liveness, type LivenessFacts } from "./check-liveness.js";
import { judgeLosses, type Losses } from "./check-losses.js";
import { judgeOrder, type Order } from "./check-order.js";
import type { Client } from "./client.js";
import { Disturbances, type Life } from "./disturbances.js";
import type { Injection } from "./inject.js";
import { now, type Span, spansOf, type Witnessed, type WitnessedLease } from "./record.js";
import { ownerOf, type Sighting } from "./scanner.js";
import type { FaultClass } from "./ward.js";

/** What a run came to. */
export interface Verdict {
  readonly class: FaultClass;
  readonly acquisitions: number;
  /** Of them, of resources that nobody else wanted. */
  readonly uncontended: number;
  readonly renewals: number;
  /** How often a process found that a node had lost its memory, and took no vote from it. */
  readonly quarantines: number;
  readonly writes: number;
  /** Writes that the witness refused: their fences were stale. */
  readonly refused: number;
  readonly faults: number;
  readonly faultsByKind: Readonly<Record<string, number>>;
  readonly overlaps: readonly Overlap[];
  readonly fenceFaults: readonly FenceFault[];
  /** Leases whose writes were refused although they were valid. */
  readonly wronged: readonly string[];
  readonly losses: Losses;
  readonly availability: Availability;
  readonly liveness: Liveness;
  readonly order: Order;
  /** Keys that were on the servers when all clients had ended. */
  readonly leftAtTheEnd: readonly string[];
  /** Acquisitions that failed, by their errors' codes. */
  readonly errors: Readonly<Record<string, number>>;
  /** What went wrong with the processes and with the faults themselves. */
  readonly problems: readonly string[];
  /** The leases that took part in a fault of fences, in an overlap or in a late loss, and when each fault was. */
  readonly evidence: readonly WitnessedLease[];
  readonly injected: Injection["injected"];
  /** What must not be, one a line. Beyond the assumptions overlaps are no violation. */
  readonly violations: readonly string[];
}

/** ms. */
const recently = 3_000;

/** What there is to tell beside the witness's record and the faults. */
export interface RunEnd {
  /** What was wrong with how the clients ended. */
  readonly ends: readonly string[];
  /** What was on the servers then. */
  readonly left?: readonly string[];
  readonly sightings?: readonly Sighting[];
  readonly servers?: number;
  readonly within?: LivenessFacts["within"];
}

export function judge(
  { leases, notes }: Witnessed,
  { injected, stalls, problems }: Injection,
  clients: readonly Client[],
  faultClass: FaultClass,
  { ends, left: found = [], sightings = [], servers = 0, within = {} }: RunEnd = { ends: [] },
): Verdict {
  const overlaps = findOverlaps(leases);
  const fenceFaults = findFenceFaults(leases);
  const wronged = leases.filter((lease) => lease.wronged > 0).map(({ id }) => id);
  const losses = judgeLosses(leases, stillsOf(clients, notes));
  const involved = new Set([
    ...fenceFaults.flatMap(({ earlier, later }) => [earlier, later]),
    ...overlaps.flatMap(({ one, other }) => [one, other]),
    ...[...losses.late, ...losses.untold],
  ]);
  const crashes = notes.flatMap(({ client, crash }) => (crash === undefined ? [] : [`${client}: ${crash}`]));
  const uncontended = notes.reduce((sum, { probes = [] }) => sum + probes.length / 2, 0);
  const disturbances = new Disturbances(injected, stalls, notes);
  const lives = clients.flatMap((client) => client.lives);
  const inBounds = faultClass === "in bounds";
  const witnessed = { leases, notes };
  const liveness = judgeLiveness({ witnessed, sightings, servers, lives, disturbances, inBounds, within });
  const order = judgeOrder(leases, lives, servers, disturbances);
  const left = found.filter((key) => !isOfTheKilled(key, lives));
  const violations = [
    ...fenceFaults.map(({ kind, resource, earlier, later, fences }) => {
      return `fences of ${resource}: a ${kind} from ${fences[0]} (${earlier}) to ${fences[1]} (${later})`;
    }),
    ...losses.late.map((id) => `the loss of ${id} was told too late`),
    ...losses.untold.map((id) => `the loss of ${id} was not told`),
    ...liveness.faults,
    ...left.map((key) => `left at the end: ${key}`),
    ...crashes.map((crash) => `a process ended by itself: ${crash}`),
  ];
  const startOf = new Map(leases.map(({ id, start }) => [id, start]));
  /** What had just happened, so that it is known where to look. */
  const after = (id: string) => {
    const at = startOf.get(id) ?? 0;
    const recent = injected.filter(({ from, to }) => from < at && at < to + recently);
    return recent.map(({ kind, scope, target }) => `${kind} (${scope} ${target})`).join(", ");
  };
  if (inBounds) {
    violations.push(...order.faults);
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
    leftAtTheEnd: left,
    errors: added(notes.map(({ errors = {} }) => errors)),
    problems: [...problems, ...ends],
    evidence: leases.filter(({ id }) => involved.has(id)),
    injected,
    violations,
  };
}

/** What a process leaves when it is killed is nobody's fault. */
function isOfTheKilled(key: string, lives: readonly Life[]): boolean {
  const id = ownerOf(key);
  return lives.some((life) => life.id === id && life.killed === true);
}

/** While which each process was stopped, or got no time to run. */
function stillsOf(clients: readonly Client[], notes: Witnessed["notes"]): Map<string, Span[]> {
  const stills = new Map(clients.flatMap((client) => [...client.stills]));
  for (const { client, stalls = [] } of notes) {
    if (stalls.length > 0) stills.set(client, [...(stills.get(client) ?? []), ...spansOf(stalls)]);
  }
  return stills;
}

/** While which a client proves nothing about the servers. */
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
