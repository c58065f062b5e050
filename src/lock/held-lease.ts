import { driftOf } from "../engine/protocol/validity.js";
import type { Vote } from "../engine/protocol/vote.js";
import type { RoundResult } from "../engine/quorum/round.js";
import { elapsed, type Instant, now } from "../engine/time/clock.js";
import { type ExpiryReason, LeaseExpiredError } from "../errors.js";
import type { LockMachineEvent, LossEvent, RefusalEvent } from "../machines/lock-events.js";
import type { HoldingActions } from "../machines/lock-port.js";
import { watchForDrop } from "./dropped-leases.js";
import type { LeaseState } from "./lease-state.js";
import type { LockInternals } from "./lock-internals.js";
import { lossIn } from "./loss.js";
import type { ReleaseOutcome } from "./release-outcome.js";
import { RenewalQueue } from "./renewal-queue.js";
import { roundLimit, type Settings, timeoutFor } from "./settings.js";

/** ms between two tries to renew without a quorum: a tenth of the ttl, within these. */
const renewalRetry = { least: 10, most: 1_000 };

/** The time in which a lock is held: renewals, the deadline, the release or the loss. */
export class HeldLease implements HoldingActions {
  private over = false;
  private renewing = false;
  /** Until the next try, after a renewal that found no quorum. */
  private pause: { since: Instant; delay: number } | null = null;
  private readonly queue: RenewalQueue;
  /** A quorum of nodes has answered the release. */
  private confirmed = false;
  private onReleased: ((outcome: ReleaseOutcome) => void) | null = null;

  constructor(
    private readonly lock: LockInternals,
    readonly leaseState: LeaseState,
    private readonly settings: Settings,
  ) {
    this.queue = new RenewalQueue(lock, leaseState);
  }

  get tokenShared(): boolean {
    return this.settings.tokenShared;
  }

  /** Looks at the clock, never at the state alone; a deadline that has passed is acted upon here and now. */
  checkHeld(): boolean {
    if (this.leaseState.end === null && this.leaseState.left() <= 0) {
      this.lost(
        "EXPIRED",
        this.leaseState.dropped ? "dropped" : this.leaseState.capped ? "maxHold" : "deadline",
      );
    }
    return this.leaseState.end === null;
  }

  renew(ttl: number | null): Promise<void> {
    const renewed = this.queue.join(ttl);
    if (!this.renewing) this.lock.send({ type: "RENEW" });
    return renewed;
  }

  /** Over from here on: what the nodes say to it only decides when it is through. */
  release(): void {
    this.leaseState.end = "released";
    this.leaseState.releasing = new Promise<ReleaseOutcome>((resolve) => {
      this.onReleased = resolve;
    });
    this.lock.send({ type: "RELEASE" });
  }

  handOver(): void {
    this.leaseState.end = "handedOver";
    this.lock.send({ type: "HAND_OVER" });
  }

  /** Sets the alarm to whichever comes first, the next renewal or the deadline. */
  armTimer(): void {
    if (this.leaseState.end === null && this.queue.asked && !this.renewing) this.lock.send({ type: "RENEW" });
    const background = this.tokenShared && !this.renews;
    this.lock.timer.set(Math.min(this.leaseState.left(), this.untilRenewal()), this, background);
  }

  askForRenewal(): void {
    const { leaseState, lock } = this;
    const { clock } = lock.manager;
    this.renewing = true;
    this.pause = null;
    watchForDrop(leaseState);
    // Never for less than is left: each renewal counts from its own start, and none may shorten the lease.
    const ttl = leaseState.ttlToRenew(this.queue.begin(), this.settings.driftFactor);
    const start = now(clock);
    const timeout = Math.max(1, Math.min(timeoutFor(lock.manager, ttl), leaseState.left()));
    leaseState.claim.renew(ttl, timeout, (result) => this.onRenewalDecided(ttl, start, result));
  }

  prolong({ votes }: Extract<LockMachineEvent, { type: "RENEWED" }>): void {
    const { validUntil, acquisition } = this.leaseState;
    this.renewing = false;
    this.queue.succeed();
    this.lock.notifier.notify("renewed", acquisition, { validUntil, votes });
  }

  reportQuorumLost({ reason, votes, retryIn }: RefusalEvent): void {
    const { leaseState, lock } = this;
    this.renewing = false;
    if (retryIn !== null) this.pause = { since: now(lock.manager.clock), delay: retryIn };
    this.queue.fail(votes, reason === "tooSlow" ? "tooSlow" : "noQuorum");
    const remaining = Math.max(0, Math.floor(leaseState.left()));
    lock.notifier.notify("quorumLost", leaseState.acquisition, { votes, remaining });
  }

  askForRelease(): void {
    const { leaseState, lock } = this;
    this.queue.refuse();
    // The alarm of the time before goes on: it looks at the deadline, too.
    leaseState.claim.release(timeoutFor(lock.manager, leaseState.ttl), (result) => {
      this.settings.roundObserver?.round("release", result);
      this.confirmed = result.verdict === "granted";
      lock.send({ type: "RELEASED", votes: result.votes });
    });
    lock.manager.localQueue.released(lock.keys);
  }

  finishRelease({ votes }: Extract<LockMachineEvent, { type: "RELEASED" }>): void {
    const { leaseState, lock } = this;
    lock.endLease();
    leaseState.claim.end();
    this.close();
    if (lock.notifier.hasListeners("released")) {
      const heldFor = Math.round(elapsed(lock.manager.clock, leaseState.grant.at));
      lock.notifier.notify("released", leaseState.acquisition, { heldFor, votes });
    }
    this.settleRelease(this.confirmed ? "released" : "pending");
  }

  /**
   * What is left on the nodes of a lost lease; a release that was under way has asked for that already. Where others
   * may have renewed it, its end here says nothing about them.
   */
  releaseRemains(): void {
    const { end } = this.leaseState;
    if (end === "released" || (end === "deadline" && this.tokenShared)) this.leaseState.claim.end();
    else this.leaseState.claim.discard(true);
  }

  lose({ reason }: LossEvent): void {
    const { leaseState, lock } = this;
    lock.endLease();
    const { onLost } = this.settings;
    const validUntil = Math.min(leaseState.validUntil, lock.manager.clock.wall());
    const details = { reason, validUntil, overdue: Math.max(0, Math.ceil(-leaseState.left())) };
    this.close();
    this.queue.refuse();
    // A job that has asked for the release learns it from the outcome; it has nothing left to lose.
    const lost = leaseState.end !== "released";
    if (lost) lock.outbox.put(() => leaseState.abort(new LeaseExpiredError(leaseState.resources, reason)));
    lock.notifier.notify("expired", leaseState.acquisition, details);
    if (lost && onLost) lock.notifier.callLost(onLost, leaseState.acquisition, details);
    this.settleRelease("expired");
  }

  endWithoutRelease(): void {
    this.lock.endLease();
    this.leaseState.claim.end();
    this.close();
    this.queue.refuse();
    this.settleRelease("handedOver");
  }

  /** By the alarm. */
  due(): void {
    if (this.over) return;
    if (this.leaseState.end === "released") {
      if (this.leaseState.left() <= 0) this.sendLoss("EXPIRED", "deadline");
      else this.armTimer();
    } else if (this.checkHeld()) {
      if (this.untilRenewal() <= 0) this.lock.send({ type: "RENEW" });
      else this.armTimer();
    }
  }

  /** The clocks have parted. */
  wake(): void {
    this.due();
  }

  /** Whether the renewal was accepted: only then are nodes that lost the key told to put it back. */
  private onRenewalDecided(ttl: number, start: Instant, result: RoundResult): boolean {
    const { leaseState, lock } = this;
    const { verdict, votes } = result;
    this.settings.roundObserver?.round("renew", result);
    if (!this.checkHeld()) return false;
    const late = result.took > roundLimit(lock.manager);
    if (verdict === "granted" && !late) {
      // The lease still runs, and this renewal was for no less than was left of it: so it has left some validity too.
      const chance = lock.manager.random.fraction();
      leaseState.confirm(start, ttl, driftOf(ttl, this.settings.driftFactor), chance);
      lock.send({ type: "RENEWED", validUntil: leaseState.validUntil, votes });
      return true;
    }
    if (verdict === "contended") {
      this.lost("LOST", lossIn(votes), votes);
    } else {
      const retryIn = this.renews ? this.retryDelay() : null;
      const reason = verdict === "granted" ? "tooSlow" : verdict;
      lock.send({ type: "NO_QUORUM", reason, votes, retryIn });
    }
    return false;
  }

  private retryDelay(): number {
    const tenth = Math.min(Math.max(this.leaseState.ttl / 10, renewalRetry.least), renewalRetry.most);
    // Half of it by chance, so that locks that lost their quorum together do not all come back at once.
    return tenth * (0.5 + this.lock.manager.random.fraction() / 2);
  }

  private lost(type: LossEvent["type"], reason: ExpiryReason, votes: readonly Vote[] = []): void {
    // Latched before the chart hears of it: whoever asks meanwhile must not be told that it is held.
    this.leaseState.end = reason;
    this.sendLoss(type, reason, votes);
  }

  private sendLoss(type: LossEvent["type"], reason: ExpiryReason, votes: readonly Vote[] = []): void {
    this.lock.send({ type, reason, validUntil: this.leaseState.validUntil, votes });
  }

  /** Whether further renewals follow by themselves. */
  private get renews(): boolean {
    const { leaseState } = this;
    return leaseState.grant.renew && leaseState.end === null && !leaseState.dropped && !leaseState.capped;
  }

  /** ms; Infinity while one is under way, and where none is to come. */
  private untilRenewal(): number {
    if (this.renewing || !this.renews) return Number.POSITIVE_INFINITY;
    if (this.pause === null) return this.leaseState.untilRenewal();
    return this.pause.delay - elapsed(this.lock.manager.clock, this.pause.since);
  }

  private settleRelease(outcome: ReleaseOutcome): void {
    this.lock.outbox.put(() => this.onReleased?.(outcome));
  }

  private close(): void {
    this.over = true;
    this.lock.timer.clear();
    this.settings.roundObserver?.over(this.leaseState);
  }
}
