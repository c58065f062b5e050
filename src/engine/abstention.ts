import type { Introduction, Memory, MemoryChange } from "./memory.js";
import { quorumOf } from "./quorum.js";
import { driftOf } from "./validity.js";

/**
 * How long a node that lost its memory abstains. "auto": for the longest ttl that the others were ever asked for; a
 * single node, and a whole set without any memory, vote at once. A number: for so many ms, whatever the others say. False: not
 * at all, and what is lost is not looked for.
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
export interface Terms {
  readonly rule: QuarantineRule;
  readonly driftFactor: number;
  /** ms that a node may take to answer, and to connect. */
  readonly patience: number;
  /** ms; what is taken for the longest ttl where the others cannot tell. */
  readonly ttl: number;
}

/** What one look at all nodes shows, in their order. */
export interface View {
  readonly names: readonly string[];
  /** Null: it does not answer. */
  readonly introductions: readonly (Introduction | null)[];
  /** How many looks before this one, in a row, were at others that may be about to begin. */
  readonly looks: number;
}

/** Where it is not clear whether others are just about to begin, they are looked at so often. */
const mostLooks = 4;
/** Beyond this a sum of times would not be exact any more. */
const longestAbstention = 2 ** 52;
const forgot = "it lost its memory";

/**
 * What becomes of one node, as far as its memory is concerned (Redis documentation, "Distributed Locks with Redis": delayed
 * restarts). All leases were granted by a quorum, so that of more than n − quorum other nodes one knows the ttl of each.
 * Null: nothing; it votes, or says nothing.
 */
export function planFor(index: number, view: View, terms: Terms): Plan | null {
  const memory = view.introductions[index]?.memory ?? null;
  if (memory === null || memory.state === "kept") return null;
  const { rule } = terms;
  const others = othersOf(index, view);
  if (memory.state === "abstaining") {
    if (memory.left > 0) return { kind: "wait", ms: memory.left, cause: forgot };
    // Also where it has abstained for long enough: the highest fence may be known only to one that is away.
    if (rule !== false && !isCertain(others, view) && silentOf(view).length > 0) return waitForSilent(view);
    // A round that was under way when it forgot has reached the others since, with a longer ttl than they knew of.
    const late = longestOf(others) - memory.longest;
    if (rule === "auto" && late > 0) return abstain(memory, others, late, terms);
    return vote(memory, others);
  }
  if (rule === "auto") return planForLost(memory, others, view, terms);
  return rule === false ? vote(memory, others) : abstain(memory, others, rule, terms);
}

function planForLost(memory: Memory, others: readonly Memory[], view: View, terms: Terms): Plan {
  if (view.names.length === 1) return vote(memory, others);
  const longest = longestOf(others);
  if (isCertain(others, view)) {
    if (longest === 0 && view.looks < mostLooks) return { kind: "look" };
    // What it granted just before it forgot may still be on its way to the others.
    return abstain(memory, others, Math.max(longest, terms.patience), terms);
  }
  if (isColdStart(view)) return vote(memory, others);
  const everybody = silentOf(view).length === 0;
  // Others may be about to give this set its first memory.
  if (view.looks < mostLooks && (everybody || longest === 0)) return { kind: "look" };
  if (!everybody) return waitForSilent(view, " (quarantine 0 takes it for new)");
  return abstain(memory, others, Math.max(longest, terms.ttl), terms);
}

/** Nobody knows of anything that was ever granted. One that says nothing may know. */
export const isColdStart = ({ introductions }: View): boolean =>
  introductions.every((introduction) => {
    if (introduction === null) return false;
    const { memory } = introduction;
    return memory !== null && (memory.state === "lost" || memory.longest === 0);
  });

function abstain(memory: Memory, others: readonly Memory[], ttl: number, terms: Terms): Plan {
  const ms = ttl === 0 || terms.rule !== "auto" ? ttl : ttl + driftOf(ttl, terms.driftFactor);
  return renewal(memory, others, Math.min(ms, longestAbstention));
}

const vote = (memory: Memory, others: readonly Memory[]): Plan => renewal(memory, others, 0);

function renewal(memory: Memory, others: readonly Memory[], ms: number): Plan {
  const change = {
    marker: memory.marker,
    abstain: ms,
    longest: Math.max(longestOf(others), memory.state === "abstaining" ? memory.longest : 0),
    watermark: Math.max(0, ...others.map(({ watermark }) => watermark)),
  };
  return { kind: "change", change, cause: forgot };
}

/** What the other nodes know: those that abstain know what was granted before they did. */
const othersOf = (index: number, { introductions }: View): Memory[] =>
  introductions.flatMap((introduction, other) => {
    const memory = introduction?.memory ?? null;
    return other === index || memory === null || memory.state === "lost" ? [] : [memory];
  });

const longestOf = (others: readonly Memory[]) => Math.max(0, ...others.map(({ longest }) => longest));

/** Whether every quorum that the node was part of has another member among those that can tell. */
const isCertain = (others: readonly Memory[], { names: { length: nodes } }: View) =>
  others.length > nodes - quorumOf(nodes);

const silentOf = ({ names, introductions }: View) =>
  names.filter((_, index) => introductions[index] === null);

function waitForSilent(view: View, wayOut = ""): Plan {
  const silent = silentOf(view).join(", ");
  const cause = `it has no memory; whether it is new, or how long it must abstain, is known only when ${silent} can be asked`;
  return { kind: "wait", ms: null, cause: cause + wayOut };
}
