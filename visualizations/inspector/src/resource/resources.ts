import type { SourceView } from "../../../../src/inspector/feed/frame-aggregate.js";
import type { LockView } from "../../../../src/inspector/feed/frames.js";
import { isHolding, isPermit, isShared } from "../../../../src/inspector/feed/lease-kind.js";
import { isSilent } from "../../../../src/inspector/feed/silence.js";
import { grantedAt, outlasts } from "../../../../src/inspector/incidents/overlap.js";
import type { Route } from "../model/route.js";
import { runOutState, shownState, topState } from "../model/states.js";
import { type Kind, kindOf, permitsOf, sumOfWeights } from "./kind.js";

/** What is wrong with a resource, the worst first. */
export const troubles = ["overlap", "lost", "noQuorum", "silent"] as const;
export type Trouble = (typeof troubles)[number];

/** One resource with all its locks, of all processes. Times are epoch ms by the observer's clock. */
export interface ResourceView {
  /** Unique: the prefix, the name, and whether it is a semaphore, which has nothing to do with a lock of its name. */
  readonly key: string;
  readonly prefix: string;
  readonly name: string;
  readonly kind: Kind;
  /** Of a semaphore: how many permits it has, and how many of them valid leases have; else 0. */
  readonly permits: number;
  readonly inUse: number;
  /** The locks that hold a lease, the oldest valid lease first: usually one. */
  readonly holders: readonly LockView[];
  /** The locks that wait, in the order of their tickets: of the times at which their acquisitions began. */
  readonly waiters: readonly LockView[];
  /** Locks that neither hold nor wait, the latest first; also those that have run out unheard, in `runOutState`. */
  readonly others: readonly LockView[];
  readonly heldSince: number | null;
  readonly waitingSince: number | null;
  readonly trouble: Trouble | null;
}

type Sources = ReadonlyMap<string, SourceView>;

export const keyOf = (prefix: string, name: string, isSemaphore = false): string =>
  `${prefix}\n${name}${isSemaphore ? "\nsemaphore" : ""}`;

export const routeOf = ({ name, prefix, kind }: Pick<ResourceView, "name" | "prefix" | "kind">): Route => ({
  view: "resource",
  name,
  prefix,
  ...(kind === "semaphore" ? { semaphore: true } : {}),
});

/** Groups the locks by what they lock. `now`: epoch ms by the observer's clock. */
export function resourcesOf(locks: Iterable<LockView>, sources: Sources, now: number): ResourceView[] {
  const groups = new Map<string, { prefix: string; name: string; locks: LockView[] }>();
  for (const lock of locks) {
    const prefix = sources.get(lock.source)?.beat.prefix ?? "";
    for (const name of lock.resources) {
      const key = keyOf(prefix, name, isPermit(lock));
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { prefix, name, locks: [lock] });
      else group.locks.push(lock);
    }
  }
  const all: ResourceView[] = [];
  for (const [key, group] of groups) all.push(viewOf(key, group, sources, now));
  return all;
}

function viewOf(
  key: string,
  { prefix, name, locks }: { readonly prefix: string; readonly name: string; readonly locks: LockView[] },
  sources: Sources,
  now: number,
): ResourceView {
  const lagOf = ({ source }: LockView) => sources.get(source)?.lag ?? 0;
  const at = (lock: LockView, time: number | null) => (time ?? lock.since) + lagOf(lock);
  const holders: LockView[] = [];
  const waiters: LockView[] = [];
  const others: LockView[] = [];
  for (const lock of locks) {
    const state = shownState(lock, sources.get(lock.source), now);
    if (isHolding(state)) holders.push(lock);
    else if (topState(state) === "acquiring") waiters.push(lock);
    else others.push(state === lock.state ? lock : { ...lock, state });
  }
  const by = (time: (lock: LockView) => number) => (a: LockView, b: LockView) =>
    time(a) - time(b) || (a.id < b.id ? -1 : 1);
  const granted = (lock: LockView) => grantedAt(lock, sources);
  const began = (lock: LockView) => at(lock, lock.began);
  const valid = (lock: LockView) => isValid(lock, sources, now);
  if (holders.length > 1) {
    const byGrant = by(granted);
    holders.sort((a, b) => Number(valid(b)) - Number(valid(a)) || byGrant(a, b));
  }
  if (waiters.length > 1) waiters.sort(by(began));
  if (others.length > 1) others.sort(by((lock) => -at(lock, null)));
  return {
    key,
    prefix,
    name,
    kind: kindOf(locks),
    permits: permitsOf(locks),
    inUse: permitsOf(locks) === 0 ? 0 : sumOfWeights(holders.filter(valid)),
    holders,
    waiters,
    others,
    heldSince: holders[0] === undefined ? null : granted(holders[0]),
    waitingSince: waiters[0] === undefined ? null : began(waiters[0]),
    trouble: troubleOf({ holders, waiters, others }, sources, now),
  };
}

/** A lease whose end is not known counts as valid. */
const isValid = ({ source, validUntil }: LockView, sources: Sources, now: number): boolean =>
  validUntil === null || validUntil + (sources.get(source)?.lag ?? 0) > now;

type Locks = Pick<ResourceView, "holders" | "waiters" | "others">;

function troubleOf({ holders, waiters, others }: Locks, sources: Sources, now: number): Trouble | null {
  if (overlaps(holders, sources, now)) return "overlap";
  if (others.some(({ state }) => topState(state) === "expired" && state !== runOutState)) return "lost";
  if (
    holders.some(({ state }) => state === "renewing.retrying") ||
    waiters.some(({ reason }) => reason === "noQuorum")
  ) {
    return "noQuorum";
  }
  const silent = (lock: LockView) => {
    const source = sources.get(lock.source);
    return source !== undefined && isSilent(source, now);
  };
  return [...holders, ...waiters].some(silent) || others.some(isRunOut) ? "silent" : null;
}

/**
 * Whether more leases are valid than may be: since the grant of one of them, which its process and those of the leases before
 * it have confirmed.
 */
function overlaps(holders: readonly LockView[], sources: Sources, now: number): boolean {
  if (holders.length < 2) return false;
  const valid = holders.filter(
    (lock) => lock.state !== "releasing" && lock.validUntil !== null && isValid(lock, sources, now),
  );
  if (!areTooMany(valid)) return false;
  return valid.some((last) => {
    const at = grantedAt(last, sources);
    return areTooMany(valid.filter((lock) => grantedAt(lock, sources) <= at && outlasts(lock, at, sources)));
  });
}

/** Whether one is exclusive and not the only one, or they are more than a semaphore has permits. */
function areTooMany(leases: readonly LockView[]): boolean {
  const permits = permitsOf(leases);
  if (permits > 0) return sumOfWeights(leases) > permits;
  return leases.length > 1 && leases.some((lock) => !isShared(lock));
}

/** Whether one of the `others` has run out unheard. */
export const isRunOut = ({ state }: LockView): boolean => state === runOutState;

/** The lock that a resource's page shows: its holder, else who comes next, else the one that was used last. */
export const shownLock = ({ holders, waiters, others }: Locks): LockView | null =>
  holders[0] ?? waiters[0] ?? others[0] ?? null;
