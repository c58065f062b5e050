import { type Disturbances, findGaps, type Gaps, type Life } from "./disturbances.js";
import { covered, merged, type Span, type Witnessed } from "./record.js";
import type { Sighting } from "./scanner.js";

/**
 * ms within which it goes on where nothing is wrong (any more). A connection that is silent has to be found out and
 * replaced, and a node that was given up to be tried again; all on a machine that does other things as well.
 */
export const bounds = {
  /** A process is granted a key by each server. */
  vote: 6_000,
  /** A process is granted what nobody else wants. */
  free: 4_000,
  /** The same with a fence, of a resource that is new. */
  fresh: 6_000,
  /** A process that waits in line has its turn. */
  line: 8_000,
  /** A key is gone from a server when its lease is over. */
  gone: 3_500,
} as const;

/** ms that a fence of a new resource may take a process on average; it asks for the next one after 250 ms. */
const meanFresh = 2_000;

export interface Liveness {
  /** From the end of a fault to the next vote of that server for each process, ms. */
  readonly recoveries: readonly number[];
  /** The longest undisturbed time of a process without its sign, ms. */
  readonly longest: Readonly<Record<Exclude<keyof typeof bounds, "gone">, number>>;
  /** Keys that were still there when their leases were over: how many, and for how long at most, undisturbed. */
  readonly left: number;
  readonly longestLeft: number;
  /** Leases of a long ttl that were renewed until they were let go. */
  readonly kept: number;
  readonly faults: readonly string[];
}

export interface LivenessFacts {
  readonly witnessed: Witnessed;
  readonly sightings: readonly Sighting[];
  readonly servers: number;
  readonly lives: readonly Life[];
  readonly disturbances: Disturbances;
  /** Whether a majority is always well. */
  readonly inBounds: boolean;
  /** Other bounds than the usual ones. */
  readonly within?: Partial<Record<keyof typeof bounds, number>>;
}

/** Whether everything goes on, within its bound, wherever no fault keeps it from doing so. */
export function judgeLiveness(facts: LivenessFacts): Liveness {
  const faults: string[] = [];
  const recoveries: number[] = [];
  const longest = { vote: 0, free: 0, fresh: 0, line: 0 };
  const note = (life: Life, kind: keyof typeof longest, what: string, { gaps, longest: most }: Gaps) => {
    longest[kind] = Math.max(longest[kind], most);
    for (const { from, ms } of gaps) {
      faults.push(`${life.id} had ${what} for ${Math.round(ms)} ms from ${Math.round(from)} on`);
    }
  };
  const { disturbances } = facts;
  const within = { ...bounds, ...facts.within };
  for (const life of facts.lives) {
    const hurt = disturbances.ofClient(life.client);
    const watched = { from: life.from, to: life.to, stalls: disturbances.stallsOf(life.id) };
    for (let server = 0; server < facts.servers && life.works.includes("vote"); server += 1) {
      const votes = findGaps({
        ...watched,
        signs: votesOf(facts.sightings, life.id, server),
        disturbed: merged([...hurt, ...disturbances.ofServer(server)]),
        bound: within.vote,
      });
      note(life, "vote", `no vote of server ${server}`, votes);
      recoveries.push(...votes.recoveries);
    }
    if (!facts.inBounds) continue;
    for (const [kind, , what, signs] of signsOf(facts.witnessed, life)) {
      note(life, kind, what, findGaps({ ...watched, signs, disturbed: hurt, bound: within[kind] }));
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
    kept: facts.witnessed.notes.reduce((sum, { kept = 0 }) => sum + kept, 0),
    faults,
  };
}

/** When it asked for what that server then granted it. */
function votesOf(sightings: readonly Sighting[], id: string, server: number): number[] {
  const seen = sightings.filter((one) => one.kind === "vote" && one.id === id && one.server === server);
  return seen.map(({ asked }) => asked).sort((a, b) => a - b);
}

/** What a process does, and when it had it. */
function signsOf({ leases, notes }: Witnessed, { id, works }: Life) {
  const own = notes.filter(({ client }) => client === id);
  const ascending = (times: readonly number[]) => [...times].sort((a, b) => a - b);
  const free = own.flatMap(({ probes = [] }) => probes.filter((_, index) => index % 2 === 1));
  const fresh = own.flatMap((one) => one.fresh ?? []);
  const line = leases.flatMap(({ client, resource, start }) =>
    client === id && resource.startsWith("line-") ? [start] : [],
  );
  const signs = [
    ["free", "probe", "nothing that was free", ascending(free)],
    ["fresh", "fresh", "no fence of a new resource", ascending(fresh)],
    ["line", "line", "no turn in line", ascending(line)],
  ] as const;
  return signs.filter(([, work]) => works.includes(work));
}

/** Keys that stood on a server longer than their leases, though the server and the process were well. */
function leftIn({ sightings, lives, disturbances }: LivenessFacts, bound: number) {
  const faults: string[] = [];
  const byId = new Map(lives.map((life) => [life.id, life]));
  let count = 0;
  let longest = 0;
  for (const { kind, key, id, server, asked, end, last } of sightings) {
    const life = byId.get(id);
    // What a process leaves when it is killed is nobody's fault.
    const to = Math.min(last, life?.to ?? end);
    if (kind !== "held" || life === undefined || to <= end) continue;
    // The server may have it from a copy again, which was made while it was held.
    if (disturbances.restoredUntil(server) > asked) continue;
    const disturbed = merged([...disturbances.ofClient(life.client), ...disturbances.ofServer(server)]);
    const stalls = disturbances.stallsOf(id);
    const { longest: most } = findGaps({ from: end, to, signs: [], disturbed, stalls, bound });
    count += 1;
    longest = Math.max(longest, most);
    if (most > bound)
      faults.push(`${key} was still on server ${server} ${Math.round(most)} ms after its end`);
  }
  return { faults, count, longest };
}

/** Processes that had few fences for the time that they had, whatever others have had. */
function starvedOf({ witnessed: { notes }, lives, disturbances }: LivenessFacts): string[] {
  return lives.flatMap((life) => {
    const own = notes.filter(({ client }) => client === life.id);
    const grants = own.reduce((sum, { fresh = [] }) => sum + fresh.length, 0);
    const hurt = merged([...disturbances.ofClient(life.client), ...disturbances.stallsOf(life.id)]);
    const ms = wellTime(life, hurt);
    if (!life.works.includes("fresh") || ms < bounds.fresh || grants * meanFresh >= ms) return [];
    return [`${life.id} had ${grants} fences of new resources in ${Math.round(ms)} ms`];
  });
}

/**
 * Leases of a long ttl that were lost, though there was time to renew them, and a majority of the servers was well from one
 * renewal to the next: where each forgets in its turn what had not been put back on the others, a loss is true.
 */
function lostOf({ witnessed: { notes }, servers, lives, disturbances }: LivenessFacts): string[] {
  return notes.flatMap(({ client: id, lost = [] }) => {
    const life = lives.find((one) => one.id === id);
    const hurt = merged([...disturbances.ofClient(life?.client ?? -1), ...disturbances.stallsOf(id)]);
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

/** ms; of the leases that outlive every fault. fixtures/lively.mjs takes them. */
const longTtl = 10_000;
/** ms: half of that, at the most, and the time that a round and another try may take. */
const renewedWithin = longTtl / 2 + 1_500;

function wellTime(span: Span, hurt: readonly Span[]): number {
  let ms = span.to - span.from;
  for (const { from, to } of hurt) ms -= Math.max(0, Math.min(to, span.to) - Math.max(from, span.from));
  return ms;
}
