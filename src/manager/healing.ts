import type { Clock, Timer } from "../engine/time/clock.js";
import type { ActiveLock } from "../lock/active-lock.js";

/** Pause in ms before the leases are confirmed, so that several nodes that return together lead to one renewal. */
const gatherMs = 10;
/** Leases that are confirmed together, and the pause in ms before the next: no node gets too many requests at once. */
const atOnce = 1_000;
const pauseMs = 20;

interface Locks {
  readonly empty: boolean;
  toArray(): ActiveLock[];
}

interface Quorum {
  /** Whether a quorum of nodes votes now. */
  readonly hasVotingQuorum: boolean;
}

/**
 * Heals a node as soon as it votes again: every lease that is held is confirmed, and a confirmed lease is set on each node
 * that lacks its keys. Leases that were granted or renewed since the node votes are left alone.
 */
export class Healing {
  private timer: Timer | null = null;
  /** The monotonic time in ms at which the last node began to vote again. */
  private since = 0;
  /** The locks that are still to be confirmed; null until the confirmation begins. */
  private left: ActiveLock[] | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly locks: Locks,
    private readonly quorum: Quorum,
  ) {}

  nodeVotesAgain(): void {
    if (this.locks.empty) return;
    this.since = this.clock.monotonic();
    this.left = null;
    if (this.timer === null) this.arm(gatherMs);
  }

  stop(): void {
    this.timer?.cancel();
  }

  private arm(delay: number): void {
    this.timer = this.clock.after(delay, () => this.confirm(), true);
  }

  private confirm(): void {
    this.timer = null;
    // Without a quorum no lease can be confirmed. The next node that votes again leads here again.
    if (!this.quorum.hasVotingQuorum) return;
    const left = this.left ?? this.locks.toArray();
    this.left = left.slice(atOnce);
    for (const lock of left.slice(0, atOnce)) lock.confirm(this.since);
    if (this.left.length > 0) this.arm(pauseMs);
    else this.left = null;
  }
}
