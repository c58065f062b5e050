import type { SourceView } from "../../../../src/inspector/feed/frame-aggregate.js";
import type { LockView } from "../../../../src/inspector/feed/frames.js";
import { hasRunOut } from "../../../../src/inspector/feed/silence.js";

/** The states of the lock's chart, in the usual order. */
export const lockStates = [
  "idle",
  "acquiring",
  "held",
  "renewing",
  "upgrading",
  "releasing",
  "expired",
] as const;
export type LockState = (typeof lockStates)[number];

/** The top-level state of a path: "acquiring" for "acquiring.asking". */
export function topState(path: string): string {
  const dot = path.indexOf(".");
  return dot < 0 ? path : path.slice(0, dot);
}

/** The state that is shown of a lock whose lease has run out while its process was silent. */
export const runOutState = "expired.unheard";

/** The state that is shown of a lock. `now`: epoch ms by the observer's clock. */
export const shownState = (lock: LockView, source: SourceView | undefined, now: number): string =>
  hasRunOut(lock, source, now) ? runOutState : lock.state;

const known: ReadonlySet<string> = new Set(lockStates);

export type StateCounts = Readonly<Record<LockState, number>>;

export function countStates(states: Iterable<string>): StateCounts {
  const counts = { idle: 0, acquiring: 0, held: 0, renewing: 0, upgrading: 0, releasing: 0, expired: 0 };
  for (const state of states) {
    const top = topState(state);
    // `in` would accept names such as "constructor", and states from frames are untrusted.
    if (known.has(top)) counts[top as LockState] += 1;
  }
  return counts;
}
