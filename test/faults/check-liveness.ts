import type { ProcessRun } from "./client.js";
import { type Disturbances, findGaps, type Gaps } from "./disturbances.js";
import { covered, merged, type Recorded, type Span } from "./record.js";
import type { Sighting } from "./scanner.js";

/**
 * Bounds in ms for progress while nothing is disturbed. They include the time to detect and replace a silent connection,
 * and to retry a node with an open circuit, on a machine that runs other work too.
 */
export const bounds = {
  /** Each server grants a key to a process. */
  vote: 6_000,
  /** A process is granted an uncontended resource. */
  free: 4_000,
  /** A process is granted a new resource with a fence. */
  fresh: 6_000,
  /** A queued process is served. */
  line: 8_000,
  /** A process is granted permits of a contended semaphore. */
  permit: 8_000,
  /** A process is granted a shared or an exclusive lease of a contended resource. */
  share: 8_000,
  /** A key disappears from a server after the end of its lease. */
  gone: 3_500,
} as const;

/** Maximum average time in ms between fences of new resources; a process requests the next fence after 250 ms. */
const meanFresh = 2_000;

export interface Liveness {
  /** Times in ms from the end of a fault to the server's next vote, for each process. */
  readonly recoveries: readonly number[];
  /** The longest undisturbed time of a process without progress, in ms, by kind. */
  readonly longest: Readonly<Record<Exclude<keyof typeof bounds, "gone">, number>>;
  /** The number of keys that remained after the end of their leases. */
  readonly left: number;
  /** The longest undisturbed time for which such a key remained, in ms. */
  readonly longestLeft: number;
  /** Leases with a long TTL that were renewed until their release. */
  readonly kept: number;
  readonly faults: readonly string[];
}

export interface LivenessFacts {
  readonly recorded: Recorded;
  readonly sightings: readonly Sighting[];
  readonly servers: number;
  readonly runs: readonly ProcessRun[];
  readonly disturbances: Disturbances;
  /** Whether a majority of the servers is always healthy. */
  readonly inBounds: boolean;
  /** Overrides of `bounds`. */
  readonly within?: Partial<Record<keyof typeof bounds, number>>;
}

/** Checks that every process makes progress within the bounds, except while a fault prevents it. */
export function judgeLiveness(facts: LivenessFacts): Liveness {
  const faults: string[] = [];
  const recoveries: number[] = [];
  const longest = { vote: 0, free: 0, fresh: 0, line: 0, permit: 0, share: 0 };
  const note = (run: ProcessRun, kind: keyof typeof longest, what: string, { gaps, longest: most }: Gaps) => {
    longest[kind] = Math.max(longest[kind], most);
    for (const { from, ms } of gaps) {
      faults.push(`${run.id} had ${what} for ${Math.round(ms)} ms from ${Math.round(from)} on`);
    }
  };
  const { disturbances } = facts;
  const within = { ...bounds, ...facts.within };
  for (const run of facts.runs) {
    const hurt = disturbances.ofClient(run.client);
    const watched = { from: run.from, to: run.to, stalls: disturbances.stallsOf(run.id) };
    for (let server = 0; server < facts.servers && run.works.includes("vote"); server += 1) {
      const votes = findGaps({
        ...watched,
        signs: votesOf(facts.sightings, run.id, server),
        disturbed: merged([...hurt, ...disturbances.ofServer(server)]),
        bound: within.vote,
      });
      note(run, "vote", `no vote of server ${server}`, votes);
      recoveries.push(...votes.recoveries);
    }
    if (!facts.inBounds) continue;
    for (const [kind, , what, signs] of signsOf(facts.recorded, run)) {
      note(run, kind, what, findGaps({ ...watched, signs, disturbed: hurt, bound: within[kind] }));
    }
  }
  const left = leftIn(facts, within.gone);
  faults.push(...left.faults);
  if (facts.inBounds) faults.push(...starvedOf(facts), ...lostOf(facts));
  recoveries.sort((a, b) => a - b);
  return {
    recoveries,
    longest,
    left: left.count,
    longestLeft: left.longest,
    kept: facts.recorded.notes.reduce((sum, { kept = 0 }) => sum + kept, 0),
    faults,
  };
}

/** When the process requested the votes that the server granted. */
function votesOf(sightings: readonly Sighting[], id: string, server: number): number[] {
  const seen = sightings.filter((one) => one.kind === "vote" && one.id === id && one.server === server);
  return seen.map(({ asked }) => asked).sort((a, b) => a - b);
}

/** The times at which a process made progress, for each kind of work that it does. */
function signsOf({ leases, notes }: Recorded, { id, works }: ProcessRun) {
  const own = notes.filter(({ client }) => client === id);
  const ascending = (times: readonly number[]) => [...times].sort((a, b) => a - b);
  const free = own.flatMap(({ probes = [] }) => probes.filter((_, index) => index % 2 === 1));
  const fresh = own.flatMap((one) => one.fresh ?? []);
  const leased = (kind: string) =>
    leases.flatMap(({ client, resource, start }) =>
      client === id && resource.startsWith(`${kind}-`) ? [start] : [],
    );
  const signs = [
    ["free", "probe", "nothing that was free", ascending(free)],
    ["fresh", "fresh", "no fence of a new resource", ascending(fresh)],
    ["line", "line", "no turn in the queue", leased("line")],
    ["permit", "permit", "no permit", leased("permit")],
    ["share", "share", "no shared or exclusive lease", leased("share")],
  ] as const;
  return signs.filter(([, work]) => works.includes(work));
}

/** Finds keys that remained on a server after their leases, although the server and the process were healthy. */
function leftIn({ sightings, runs, disturbances }: LivenessFacts, bound: number) {
  const faults: string[] = [];
  const byId = new Map(runs.map((run) => [run.id, run]));
  let count = 0;
  let longest = 0;
  for (const { kind, key, id, server, asked, end, last } of sightings) {
    const run = byId.get(id);
    // Keys that a killed process leaves are not a fault.
    const to = Math.min(last, run?.to ?? end);
    if (kind !== "held" || run === undefined || to <= end) continue;
    // The server may have restored the key from a copy that was made while the lease was held.
    if (disturbances.restoredUntil(server) > asked) continue;
    const disturbed = merged([...disturbances.ofClient(run.client), ...disturbances.ofServer(server)]);
    const stalls = disturbances.stallsOf(id);
    const { longest: most } = findGaps({ from: end, to, signs: [], disturbed, stalls, bound });
    count += 1;
    longest = Math.max(longest, most);
    if (most > bound)
      faults.push(`${key} was still on server ${server} ${Math.round(most)} ms after its end`);
  }
  return { faults, count, longest };
}

/** Finds processes that got too few fences for their undisturbed time. */
function starvedOf({ recorded: { notes }, runs, disturbances }: LivenessFacts): string[] {
  return runs.flatMap((run) => {
    const own = notes.filter(({ client }) => client === run.id);
    const grants = own.reduce((sum, { fresh = [] }) => sum + fresh.length, 0);
    const hurt = merged([...disturbances.ofClient(run.client), ...disturbances.stallsOf(run.id)]);
    const ms = wellTime(run, hurt);
    if (!run.works.includes("fresh") || ms < bounds.fresh || grants * meanFresh >= ms) return [];
    return [`${run.id} had ${grants} fences of new resources in ${Math.round(ms)} ms`];
  });
}

/**
 * Finds leases with a long TTL that were lost although there was time to renew them and a majority of the servers was
 * healthy from one renewal to the next. If servers lose their memory one after the other, before the lease is healed on the
 * others, the loss is legitimate.
 */
function lostOf({ recorded: { notes }, servers, runs, disturbances }: LivenessFacts): string[] {
  return notes.flatMap(({ client: id, lost = [] }) => {
    const run = runs.find((one) => one.id === id);
    const hurt = merged([...disturbances.ofClient(run?.client ?? -1), ...disturbances.stallsOf(id)]);
    const wellServers = (span: Span) =>
      Array.from({ length: servers }, (_, server) => disturbances.ofServer(server)).filter(
        (disturbed) => covered(span, disturbed) === 0,
      ).length;
    return lost
      .filter(({ at }) => wellTime({ from: at - longTtl / 2, to: at }, hurt) > bounds.gone)
      .filter(
        ({ since, at }) => wellServers({ from: Math.max(since, at - renewedWithin), to: at }) > servers / 2,
      )
      .map(
        ({ at, why }) =>
          `${id} lost a lease of ${longTtl} ms at ${Math.round(at)}, though it had time to renew it: ${why}`,
      );
  });
}

/** TTL in ms of the leases that outlast every fault; see fixtures/liveness-works.mjs. */
const longTtl = 10_000;
/** Maximum time in ms between two renewals: half of the TTL, and the time of a round and a retry. */
const renewedWithin = longTtl / 2 + 1_500;

function wellTime(span: Span, hurt: readonly Span[]): number {
  let ms = span.to - span.from;
  for (const { from, to } of hurt) ms -= Math.max(0, Math.min(to, span.to) - Math.max(from, span.from));
  return ms;
}
