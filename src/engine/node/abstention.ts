import { formatDuration } from "../../support/duration.js";
import {
  type AbstentionTerm,
  type Identification,
  longestShort,
  type Memory,
  type MemoryChange,
} from "../protocol/memory.js";
import { driftOf } from "../protocol/validity.js";
import { quorumOf } from "../quorum/decision.js";

/**
 * How long a node that lost its memory abstains. "auto": for the longest ttl that the others were ever asked for, and until
 * the long leases that they hold are over; a single node, and a whole set without any memory, vote at once. A number: for so
 * many ms, whatever the others say; 0 ends an abstention. False: not at all, and what is lost is not looked for.
 */
export type QuarantineRule = "auto" | number | false;

/** What a node that cannot vote is to do next. */
export type Plan =
  | { readonly kind: "change"; readonly change: MemoryChange; readonly cause: string }
  /** Once more, in a moment. */
  | { readonly kind: "look" }
  /** `ms`: null if it cannot be known yet. */
  | { readonly kind: "wait"; readonly ms: number | null; readonly cause: string };

/** What a quorum agrees on beforehand. */
export interface QuarantineTerms {
  readonly rule: QuarantineRule;
  readonly driftFactor: number;
  /** ms that a node may take to answer, and to connect. */
  readonly nodeTimeout: number;
  /** ms; what is taken for the longest ttl where the others cannot tell. */
  readonly ttl: number;
}

/** What one look at all nodes shows, in their order. */
export interface QuorumView {
  readonly names: readonly string[];
  /** Null: it does not answer. */
  readonly identifications: readonly (Identification | null)[];
  /** The look before this one, which had ended when this one began; null if there was none. */
  readonly before: readonly (Identification | null)[] | null;
  /** ms that this look took: so much older than the others' an answer may be. */
  readonly took: number;
  /** How many looks before this one, in a row, were at others that may be about to begin. */
  readonly looks: number;
  /** ms for which a long lease must have been held already to be seen by this look. */
  readonly age: number;
}

/** Where it is not clear whether others are just about to begin, they are looked at so often. */
const mostLooks = 4;
/** A round is decided within so many node timeouts, or has failed. */
export const roundTimeouts = 4;
/** ms; an end that would be moved forward by less than this, and the drift, stays. */
const smallestGain = 1_000;
const forgot = "it lost its memory";
const awaits = `${forgot}, and waits for leases longer than ${formatDuration(longestShort)} to be released or to run out (quarantine 0 ends that)`;

/** Why a node abstains whose end is known. */
export const causeOf = ({ abstention }: Memory): string => (waits(abstention) ? awaits : forgot);

/**
 * What becomes of one node, as far as its memory is concerned (Redis documentation, "Distributed Locks with Redis": delayed
 * restarts). All leases were granted by a quorum, so that of more than n − quorum other nodes one knows each of them.
 * Null: nothing; it votes, or says nothing.
 */
export function planFor(index: number, view: QuorumView, terms: QuarantineTerms): Plan | null {
  const memory = view.identifications[index]?.memory ?? null;
  if (memory === null || memory.state === "kept") return null;
  const { rule } = terms;
  const others = othersOf(index, view);
  if (rule === false || rule === 0) return vote(memory, others);
  if (memory.state === "lost") {
    return rule === "auto" ? planForLost(memory, others, view, terms) : abstain(memory, others, rule);
  }
  if (typeof rule === "number" && memory.left > rule) return abstain(memory, others, rule);
  if (rule === "auto") {
    const change = newEnd(memory, view.before?.[index]?.memory ?? null, others, view, terms);
    if (change !== null) return change;
  }
  if (memory.left > 0) return { kind: "wait", ms: memory.left, cause: causeOf(memory) };
  // Also where it has abstained for long enough: the highest fence may be known only to one that is away.
  if (!canTell(others, view)) return waitForSilent(view);
  return vote(memory, others);
}

function planForLost(
  memory: Memory,
  others: readonly Memory[],
  view: QuorumView,
  terms: QuarantineTerms,
): Plan {
  if (view.names.length === 1) return vote(memory, others);
  if (isColdStart(view)) return isConfirmed(view) ? vote(memory, others) : { kind: "look" };
  const longest = longestOf(others);
  const isCertain = isQuorumKnown(others, view);
  const everybody = silentOf(view).length === 0;
  // Others may be about to give this set its first memory.
  if (view.looks < mostLooks && (longest === 0 || (everybody && !isCertain))) return { kind: "look" };
  if (!isCertain && !everybody) return waitForSilent(view, " (quarantine 0 takes it for new)");
  // Leases that began since then have begun after this loss: but this look may have left out others.
  if (view.age > 0) return { kind: "look" };
  // With too few who can tell, what is not known is taken to be the usual.
  const short = isCertain || longest === 0 ? longest : Math.max(longest, terms.ttl);
  return abstainFor(memory, others, short, view, terms);
}

/** Nobody remembers anything. One that says nothing may. */
export const isColdStart = ({ identifications }: QuorumView): boolean =>
  identifications.every((identification) => identification?.memory?.state === "lost");

/**
 * Whether all of them had lost their memory at one instant: the look before had been answered by all when this one began, and
 * since then none has been given a memory.
 */
const isConfirmed = ({ identifications, before }: QuorumView): boolean =>
  before !== null &&
  identifications.every(
    (identification, index) => identification?.memory?.marker === before[index]?.memory?.marker,
  );

/**
 * Until all short leases are over that may have been granted, all long ones that the others hold, and every round has been
 * decided that is under way.
 */
function abstainFor(
  memory: Memory,
  others: readonly Memory[],
  longest: number,
  view: QuorumView,
  terms: QuarantineTerms,
): Plan {
  const { now } = memory;
  const settles = now + withDrift(roundTimeouts * terms.nodeTimeout, terms);
  const least = Math.max(settles, now + withDrift(Math.max(longest, shortLeftOf(others, view)), terms));
  const until = Math.max(least, now + withDrift(longLeftOf(others, view), terms));
  return change(memory, others, { until, least, settles, settled: false });
}

/** For exactly so many ms. */
function abstain(memory: Memory, others: readonly Memory[], ms: number): Plan {
  const until = memory.now + ms;
  return change(memory, others, { until, least: until, settles: memory.now, settled: true });
}

/** Another end of the abstention, by what the others hold now; null if it stays. */
function newEnd(
  memory: Memory,
  before: Memory | null,
  others: readonly Memory[],
  view: QuorumView,
  terms: QuarantineTerms,
): Plan | null {
  const { abstention, now } = memory;
  if (abstention === null || !canTell(others, view) || now < abstention.settles) return null;
  const { until, least, settles, settled } = abstention;
  if (view.age > neededAge(memory, terms)) return { kind: "look" };
  const left = longLeftOf(others, view);
  const end = now + withDrift(left, terms);
  if (!settled) {
    // Not before it was known to be time: some of this look's answers may be from before.
    if (before?.marker !== memory.marker || before.now < settles) return { kind: "look" };
    // What was under way when it forgot has reached the others by now, maybe with a longer ttl than they knew of.
    const longest = longestOf(others);
    const late = longest > memory.longest ? settles + withDrift(longest, terms) : 0;
    const short = Math.max(least, late, now + withDrift(shortLeftOf(others, view), terms));
    return change(memory, others, {
      until: Math.max(until, short, end),
      least: short,
      settles,
      settled: true,
    });
  }
  // Never later: what is granted or renewed after that is granted without this node.
  const sooner = Math.max(least, end);
  if (until <= least || !isQuorumKnown(others, view)) return null;
  if (sooner <= now) return vote(memory, others);
  if (until - sooner <= smallestGain + driftOf(left, terms.driftFactor)) return null;
  return change(memory, others, { until: sooner, least, settles, settled });
}

/**
 * ms: a long lease that has been held for less than this began, by whatever clock, after every round had been decided that was
 * under way when the node forgot. 0 if all count.
 */
export function neededAge(
  { state, abstention, now }: Memory,
  { nodeTimeout, driftFactor }: QuarantineTerms,
): number {
  if (state === "kept") return Number.POSITIVE_INFINITY;
  if (abstention === null || !abstention.settled) return 0;
  const since = now - abstention.settles;
  return Math.max(0, Math.floor(since - driftOf(since, driftFactor) - roundTimeouts * nodeTimeout));
}

const vote = (memory: Memory, others: readonly Memory[]): Plan => change(memory, others, null);

function change(memory: Memory, others: readonly Memory[], abstention: AbstentionTerm | null): Plan {
  const change = {
    marker: memory.marker,
    abstention,
    longest: Math.max(longestOf(others), memory.state === "abstaining" ? memory.longest : 0),
    watermark: Math.max(0, ...others.map(({ watermark }) => watermark)),
  };
  return { kind: "change", change, cause: causeOf({ ...memory, abstention }) };
}

const withDrift = (ms: number, { driftFactor }: QuarantineTerms): number =>
  ms === 0 ? 0 : ms + driftOf(ms, driftFactor);

/** Who can tell what the node may have granted: those that abstain know until when, where they are needed. */
function othersOf(index: number, view: QuorumView): Memory[] {
  const others = view.identifications.flatMap((identification, other) => {
    const memory = identification?.memory ?? null;
    return other === index || memory === null || memory.state === "lost" ? [] : [memory];
  });
  const voting = others.filter(({ state }) => state === "kept");
  return isQuorumKnown(voting, view) ? voting : others;
}

const longestOf = (others: readonly Memory[]) => Math.max(0, ...others.map(({ longest }) => longest));

/** ms. One that abstains does so until all that it may have granted is over: first the short leases, then the long ones. */
const shortLeftOf = (others: readonly Memory[], { took }: QuorumView) =>
  lastOf(
    others.map(({ abstention, now }) => (abstention === null ? 0 : abstention.least - now)),
    took,
  );

const longLeftOf = (others: readonly Memory[], { took }: QuorumView) =>
  lastOf(
    others.map(({ longLeft, left, abstention }) => Math.max(longLeft, waits(abstention) ? left : 0)),
    took,
  );

const lastOf = (lefts: readonly number[], took: number) => {
  const last = Math.max(0, ...lefts);
  return last === 0 ? 0 : last + took;
};

/** Whether it abstains for long leases, beyond the short ones. */
const waits = (abstention: AbstentionTerm | null): boolean =>
  abstention !== null && abstention.until > abstention.least;

/** Whether every quorum that the node was part of has another member among those that can tell. */
const isQuorumKnown = (others: readonly Memory[], { names: { length: nodes } }: QuorumView) =>
  others.length > nodes - quorumOf(nodes);

/** The same, or nobody else can be asked. */
const canTell = (others: readonly Memory[], view: QuorumView) =>
  isQuorumKnown(others, view) || silentOf(view).length === 0;

const silentOf = ({ names, identifications }: QuorumView) =>
  names.filter((_, index) => identifications[index] === null);

function waitForSilent(view: QuorumView, wayOut = ""): Plan {
  const silent = silentOf(view).join(", ");
  const cause = `it has no memory; whether it is new, or how long it must abstain, is known only when ${silent} can be asked`;
  return { kind: "wait", ms: null, cause: cause + wayOut };
}
