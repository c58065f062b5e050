import { formatDuration } from "../../support/duration.js";
import {
  type AbstentionTerm,
  isOfSingle,
  longestShort,
  type Memory,
  type MemoryChange,
} from "../protocol/memory.js";
import { driftOf } from "../protocol/validity.js";
import {
  canTell,
  isAlone,
  isColdStart,
  isConfirmed,
  isJoining,
  isNewPair,
  type Others,
  othersOf,
  type QuorumView,
  silentOf,
} from "./quorum-view.js";

/**
 * How long a node that lost its memory abstains. "auto": until every lease that the node may have granted has expired,
 * which is the longest ttl that the other nodes were ever asked for, and the end of the long leases that they hold; a
 * single node, and a whole set of nodes without any memory, vote at once. A number: exactly this many ms, whatever the
 * other nodes report; 0 ends an abstention. False: the node never abstains, and a loss of memory is not checked for.
 */
export type QuarantineRule = "auto" | number | false;

/** The next step for a node that cannot vote. */
export type Plan =
  | { readonly kind: "change"; readonly change: MemoryChange; readonly cause: string }
  /** Ask all nodes again after a short pause. */
  | { readonly kind: "retry" }
  /** `ms`: null if the time cannot be known yet. */
  | { readonly kind: "wait"; readonly ms: number | null; readonly cause: string };

/** The settings of a quorum that determine an abstention. */
export interface QuarantineTerms {
  readonly rule: QuarantineRule;
  readonly driftFactor: number;
  /** Limit in ms for a node to answer, and to connect. */
  readonly nodeTimeout: number;
  /** The ttl in ms that is assumed to be the longest if the other nodes cannot report the longest ttl. */
  readonly ttl: number;
}

/** Maximum number of reviews while other nodes may be about to start. */
const maxRepeats = 4;
/** A round is decided, or has failed, within this many node timeouts. */
export const roundTimeouts = 4;
/** The end of an abstention is moved forward only if that gains more than this many ms plus the drift. */
const minGainMs = 1_000;
const forgot = "it is new, or lost its memory";
const forgotAndAwaits = `${forgot}, and waits for leases longer than ${formatDuration(longestShort)} to be released or to run out (holdfast admit ends that)`;

/** Why a node abstains, if the end of its abstention is known. */
export const causeOf = ({ abstention }: Memory): string =>
  awaitsLongLeases(abstention) ? forgotAndAwaits : forgot;

/**
 * Plans the next step for one node with regard to its memory (Redis documentation, "Distributed Locks with Redis":
 * delayed restarts). All leases were granted by a quorum, so any group of more than n − quorum other nodes contains a
 * node that knows of each lease. Returns null if there is nothing to do: the node votes, or does not answer.
 */
export function planFor(index: number, view: QuorumView, terms: QuarantineTerms): Plan | null {
  const memory = view.identifications[index]?.memory ?? null;
  if (memory === null) return null;
  const { rule } = terms;
  const others = othersOf(index, view);
  if (memory.state === "kept") {
    if (isAlone(view) || !isOfSingle(memory)) return null;
    // The set records that it uses the server before it lets the server vote.
    return isNewPair(view) && !isConfirmed(view) ? { kind: "retry" } : vote(memory, others);
  }
  if (rule === false || rule === 0) return vote(memory, others);
  if (memory.state === "lost") {
    return rule === "auto" ? planForLost(index, memory, others, view, terms) : abstain(memory, others, rule);
  }
  if (typeof rule === "number" && memory.left > rule) return abstain(memory, others, rule);
  if (rule === "auto") {
    const change = newEnd(memory, view.previous?.[index]?.memory ?? null, others, view, terms);
    if (change !== null) return change;
  }
  if (memory.left > 0) return { kind: "wait", ms: memory.left, cause: causeOf(memory) };
  // This applies even if the node has abstained for long enough: the highest fence may be known only to a node that is
  // unreachable.
  if (!canTell(others, view)) return waitForSilent(view);
  return vote(memory, others);
}

function planForLost(
  index: number,
  memory: Memory,
  others: Others,
  view: QuorumView,
  terms: QuarantineTerms,
): Plan {
  if (isAlone(view)) return vote(memory, others);
  if (isColdStart(view) || isNewPair(view) || isJoining(index, view))
    return isConfirmed(view) ? vote(memory, others) : { kind: "retry" };
  if (view.joining === null && view.repeats < maxRepeats) return { kind: "retry" };
  const longest = longestOf(others);
  const isCertain = others.known;
  const allAnswered = silentOf(view).length === 0;
  // Another process may be about to give this set of nodes its first memory.
  if (view.repeats < maxRepeats && (longest === 0 || (allAnswered && !isCertain))) return { kind: "retry" };
  if (!isCertain && !allAnswered) return waitForSilent(view, " (quarantine 0 takes it for new)");
  // An answer that was limited to older leases may leave out leases that began before this loss, so all leases must be
  // counted.
  if (view.minAge > 0) return { kind: "retry" };
  // If too few nodes can report the longest ttl, the usual ttl is assumed.
  const short = isCertain || longest === 0 ? longest : Math.max(longest, terms.ttl);
  return abstainFor(memory, others, short, view, terms);
}

/**
 * Plans an abstention that ends when all short leases that the node may have granted and all long leases that the other
 * nodes hold have expired, and when every round that is under way has been decided.
 */
function abstainFor(
  memory: Memory,
  others: Others,
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

/** Plans an abstention of exactly `ms`. */
function abstain(memory: Memory, others: Others, ms: number): Plan {
  const until = memory.now + ms;
  return change(memory, others, { until, least: until, settles: memory.now, settled: true });
}

/**
 * Plans another end of the abstention, based on the leases that the other nodes hold now; null if the end stays as it
 * is.
 */
function newEnd(
  memory: Memory,
  previous: Memory | null,
  others: Others,
  view: QuorumView,
  terms: QuarantineTerms,
): Plan | null {
  const { abstention, now } = memory;
  if (abstention === null || !canTell(others, view) || now < abstention.settles) return null;
  const { until, least, settles, settled } = abstention;
  if (view.minAge > neededAge(memory, terms)) return { kind: "retry" };
  const left = longLeftOf(others, view);
  const end = now + withDrift(left, terms);
  if (!settled) {
    // The previous review must already have shown that the rounds are over: some answers of this review may be older.
    if (previous?.marker !== memory.marker || previous.now < settles) return { kind: "retry" };
    // Requests that were under way at the loss have reached the other nodes by now, maybe with a longer ttl than was
    // known.
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
  // The end is never moved back: leases that are granted or renewed after this point are granted without this node.
  const sooner = Math.max(least, end);
  if (until <= least || !others.known) return null;
  if (sooner <= now) return vote(memory, others);
  if (until - sooner <= minGainMs + driftOf(left, terms.driftFactor)) return null;
  return change(memory, others, { until: sooner, least, settles, settled });
}

/**
 * The minimum age in ms of the long leases that count; 0 if all of them count. A long lease that has been held for less
 * time began, by any clock, after every round had been decided that was under way when the node lost its memory.
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

const vote = (memory: Memory, others: Others): Plan => change(memory, others, null);

function change(memory: Memory, others: Others, abstention: AbstentionTerm | null): Plan {
  const change = {
    marker: memory.marker,
    abstention,
    longest: Math.max(longestOf(others), memory.state === "lost" ? 0 : memory.longest),
    watermark: Math.max(0, ...others.memories.map(({ watermark }) => watermark)),
  };
  return { kind: "change", change, cause: causeOf({ ...memory, abstention }) };
}

const withDrift = (ms: number, { driftFactor }: QuarantineTerms): number =>
  ms === 0 ? 0 : ms + driftOf(ms, driftFactor);

const longestOf = ({ memories }: Others) => Math.max(0, ...memories.map(({ longest }) => longest));

/**
 * ms until the last short lease ends. An abstaining node abstains until all leases that it may have granted are over:
 * first the short leases, then the long ones.
 */
const shortLeftOf = ({ memories }: Others, { took }: QuorumView) =>
  lastOf(
    memories.map(({ abstention, now }) => (abstention === null ? 0 : abstention.least - now)),
    took,
  );

const longLeftOf = ({ memories }: Others, { took }: QuorumView) =>
  lastOf(
    memories.map(({ longLeft, left, abstention }) =>
      Math.max(longLeft, awaitsLongLeases(abstention) ? left : 0),
    ),
    took,
  );

const lastOf = (lefts: readonly number[], took: number) => {
  const last = Math.max(0, ...lefts);
  return last === 0 ? 0 : last + took;
};

/** Whether the abstention lasts beyond the end of the short leases because of long leases. */
const awaitsLongLeases = (abstention: AbstentionTerm | null): boolean =>
  abstention !== null && abstention.until > abstention.least;

function waitForSilent(view: QuorumView, wayOut = ""): Plan {
  const silent = silentOf(view).join(", ");
  const cause = `it has no memory; whether it is new, or how long it must abstain, is known only when ${silent} can be asked`;
  return { kind: "wait", ms: null, cause: cause + wayOut };
}
