import type { FrameAggregate, SourceView } from "../../inspector/feed/frame-aggregate.js";
import type { LockView, Step } from "../../inspector/feed/frames.js";
import { isHolding } from "../../inspector/feed/lease-kind.js";
import { hasRunOut, silentWords } from "../../inspector/feed/silence.js";
import { formatDuration } from "../duration.js";
import { describeOwner } from "../holder.js";
import { plain } from "../plain.js";
import type { NodeAnswer } from "./node-query.js";
import { otherHolder, resourcesOf } from "./words.js";

/** A line of the table, as plain text. */
export interface Row {
  /** With its substate. */
  readonly state: string;
  readonly resource: string;
  readonly owner: string;
  /** Remaining validity in ms, and the ttl; null while nothing is held. */
  readonly left: number | null;
  readonly ttl: number | null;
  /** Time in ms since the acquisition began; null unless an acquisition is under way. */
  readonly waited: number | null;
  readonly retries: number;
  readonly fence: number | null;
  /** The latest event, and how long ago it was. */
  readonly last: string;
}

/** `now`: epoch ms by the local clock. `showPrefix`: put the prefix before resources. */
export function rowOf(
  lock: LockView,
  {
    source,
    step,
    now,
    showPrefix,
  }: { source: SourceView | undefined; step: Step | undefined; now: number; showPrefix: boolean },
): Row {
  const { state, validUntil, began } = lock;
  // The estimated current time by the clock of the lock's process.
  const sourceNow = now - (source?.lag ?? 0);
  const runOut = hasRunOut(lock, source, now);
  const holds = isHolding(state) && validUntil !== null && !runOut;
  return {
    state: runOut ? "run out" : plain(state),
    resource: resourcesOf(lock, showPrefix ? (source?.beat.prefix ?? "") : ""),
    owner: plain(source?.beat.owner ?? ""),
    left: holds ? Math.max(0, validUntil - sourceNow) : null,
    ttl: lock.ttl,
    waited: state.startsWith("acquiring") && began !== null ? Math.max(0, sourceNow - began) : null,
    retries: Math.max(0, lock.attempts - 1),
    fence: lock.fence,
    last: runOut ? silentWords : lastOf(lock, step, sourceNow),
  };
}

function lastOf(lock: LockView, step: Step | undefined, sourceNow: number): string {
  const what =
    step === undefined ? ago(sourceNow - lock.since) : `${plain(step.event)} ${ago(sourceNow - step.time)}`;
  const holder = lock.state.startsWith("acquiring") ? otherHolder(lock) : null;
  if (holder !== null) return `held by ${holder}, ${what}`;
  return lock.reason === null ? what : `${what}, ${plain(lock.reason)}`;
}

/** In whole seconds, so that a line does not change all the time. */
const ago = (ms: number): string =>
  ms < 1_000 ? "just now" : `${formatDuration(Math.floor(ms / 1_000) * 1_000)} ago`;

/** The row for the nodes' answer about a resource that no process reports. */
export function askedRow({ inspection, time }: NodeAnswer, now: number): Row {
  const { resource, held, holder, keptUntil, nodes } = inspection;
  const age = Math.max(0, now - time);
  const left = holder?.ttlLeft ?? null;
  const failed = nodes.filter(({ state }) => state === "failed").length;
  const last = [
    ...(held && left === null ? ["without an expiry"] : []),
    ...(keptUntil === undefined ? [] : ["kept after its release"]),
    ...(failed > 0 ? [`${failed} of ${nodes.length} nodes failed`] : []),
    `asked ${ago(age)}`,
  ];
  return {
    state: held === null ? "unknown" : held ? "held" : "free",
    resource: plain(resource),
    owner: holder === null ? "" : plain(describeOwner(holder)),
    left: left === null ? null : Math.max(0, left - age),
    ttl: null,
    waited: null,
    retries: 0,
    fence: null,
    last: last.join(", "),
  };
}

/**
 * Whether a process reports that one of its locks holds this resource. Then the nodes need not be asked. `now`: epoch ms by
 * the local clock.
 */
export function isReported(
  resource: string,
  prefix: string,
  { locks, sources }: FrameAggregate,
  now: number,
): boolean {
  for (const lock of locks.values()) {
    const source = sources.get(lock.source);
    if (!isHolding(lock.state) || hasRunOut(lock, source, now)) continue;
    const own = source?.beat.prefix ?? "";
    if (lock.resources.some((one) => own + one === prefix + resource)) return true;
  }
  return false;
}
