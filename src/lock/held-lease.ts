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
import { lossReason, warnOfLoss } from "./loss.js";
import type { ReleaseOutcome } from "./release-outcome.js";
import { RenewalQueue } from "./renewal-queue.js";
import { roundLimit, type Settings, timeoutFor } from "./settings.js";

/** The range, in ms, of the delay between two renewals without a quorum. The delay is a tenth of the ttl within this range. */
const renewalRetry = { min: 10, max: 1_000 };

/** A lease that is held: renewals, the deadline, and the release or the loss. */
export class HeldLease implements HoldingActions {
  private over = false;
  private renewing = false;
  /** Whether the round under way only confirms the lease: its end stays where it is. */
  private onlyConfirming = false;
  /** The pause before the next renewal after a renewal that found no quorum. */
  private pause: { since: Instant; delay: number } | null = null;
  /** Created when a renewal is first asked for. */
  private queue: RenewalQueue | null = null;
  /** Whether a quorum of nodes has confirmed the release. */
  private confirmed = false;
  /** Epoch ms until which the nodes keep the lock although it was released. Null if the release frees the lock. */
  private keptUntil: number | null = null;
  private onReleased: ((outcome: ReleaseOutcome) => void) | null = null;

  constructor(
    private readonly lock: LockInternals,
    readonly leaseState: LeaseState,
    private readonly settings: Settings,
    /** Whether the lease is to be confirmed at once, for a node that votes again. */
    private toConfirm: boolean,
  ) {
    if (leaseState.grant.holdAtLeast > 0) leaseState.claim.keptUntil = leaseState.keptUntil;
  }

  get tokenShared(): boolean {
    return this.settings.tokenShared;
  }

  /** Whether the lease is held, according to the clock and not only to the state. Ends the lease if its deadline has passed. */
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
    const renewed = this.renewals().join(ttl);
    if (!this.renewing) this.lock.send({ type: "RENEW" });
    return renewed;
  }

  /**
   * Confirms the lease, so that a node that votes again gets its keys. A lease that is renewed automatically is renewed
   * early. The end of any other lease stays where it is.
   */
  confirm(since: number): void {
    if (!this.leaseState.mayLackKeys(since) || !this.checkHeld()) return;
    this.toConfirm = true;
    if (!this.renewing) this.lock.send({ type: "RENEW" });
  }

  /** Releases the lease. The lease is over at once. The nodes' answers only determine when the release is complete. */
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

  /** Sets the timer to the next renewal or the deadline, whichever comes first. */
  armTimer(): void {
    const asked = this.toConfirm || this.queue?.hasRequests === true;
    if (asked && this.leaseState.end === null && !this.renewing) this.lock.send({ type: "RENEW" });
    const background = this.tokenShared && !this.renews;
    this.lock.timer.set(Math.min(this.leaseState.left(), this.untilRenewal()), this, background);
  }

  askForRenewal(): void {
    const { leaseState, lock } = this;
    const { clock } = lock.manager;
    this.renewing = true;
    this.pause = null;
    this.onlyConfirming = this.toConfirm && !this.renews && this.queue?.hasRequests !== true;
    this.toConfirm = false;
    const ttl = this.onlyConfirming ? leaseState.ttlLeft() : this.ttlToRenew();
    const start = now(clock);
    const timeout = Math.max(1, Math.min(timeoutFor(lock.manager, ttl), leaseState.left()));
    leaseState.claim.renew(ttl, timeout, (result) => this.onRenewalDecided(ttl, start, result));
  }

  prolong({ votes }: Extract<LockMachineEvent, { type: "RENEWED" }>): void {
    const { validUntil, acquisition } = this.leaseState;
    this.renewing = false;
    if (this.onlyConfirming) return;
    this.queue?.succeed();
    this.lock.notifier.notify("renewed", acquisition, { validUntil, votes });
  }

  reportQuorumLost({ reason, votes, retryIn }: RefusalEvent): void {
    const { leaseState, lock } = this;
    this.renewing = false;
    if (this.onlyConfirming) return;
    if (retryIn !== null) this.pause = { since: now(lock.manager.clock), delay: retryIn };
    this.queue?.fail(votes, reason === "tooSlow" ? "tooSlow" : "noQuorum");
    const remaining = Math.max(0, Math.floor(leaseState.left()));
    lock.notifier.notify("quorumLost", leaseState.acquisition, { votes, remaining });
  }

  askForRelease(): void {
    const { leaseState, lock } = this;
    this.queue?.refuse();
    const rest = leaseState.rest();
    if (rest > 0) this.keptUntil = Math.ceil(lock.manager.clock.wall() + rest);
    // The timer that was set before stays active, because the timer also checks the deadline.
    leaseState.claim.release(timeoutFor(lock.manager, leaseState.ttl), (result) => {
      this.settings.roundObserver?.round("release", result);
      this.confirmed = result.verdict === "granted";
      lock.send({ type: "RELEASED", votes: result.votes });
    });
    lock.manager.localQueue.released(lock.keys, rest);
  }

  finishRelease({ votes }: Extract<LockMachineEvent, { type: "RELEASED" }>): void {
    const { leaseState, lock } = this;
    lock.endLease();
    leaseState.claim.end();
    this.close();
    if (lock.notifier.hasListeners("released")) {
      const heldFor = Math.round(elapsed(lock.manager.clock, leaseState.grant.at));
      const details = { heldFor, votes };
      const { keptUntil } = this;
      const all = keptUntil === null ? details : { ...details, keptUntil };
      lock.notifier.notify("released", leaseState.acquisition, all);
    }
    this.settleRelease(this.confirmed ? "released" : "pending");
  }

  /**
   * Releases what a lost lease left on the nodes. A pending release does so already. A lease with a shared token that
   * reached its deadline is left alone, because another process may have renewed the lease.
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
    this.queue?.refuse();
    // A job that asked for the release gets the loss as the outcome of the release, without an abort or `onLost`.
    const lost = leaseState.end !== "released";
    if (lost)
      lock.notifier.defer(() => leaseState.abort(new LeaseExpiredError(leaseState.resources, reason)));
    lock.notifier.notify("expired", leaseState.acquisition, details);
    if (lost && onLost) lock.notifier.callLost(onLost, leaseState.acquisition, details);
    if (lost && !this.isWatched()) {
      const { resources, acquisition, grant } = leaseState;
      lock.notifier.defer(() => warnOfLoss({ resources, ...details }, acquisition, grant.at.wall));
    }
    this.settleRelease("expired");
  }

  endWithoutRelease(): void {
    this.lock.endLease();
    this.leaseState.claim.handOver(this.tokenShared);
    this.close();
    this.queue?.refuse();
    this.settleRelease("handedOver");
  }

  /** Called by the timer. */
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

  /** Returns whether the renewal was accepted. Only then is the key restored on nodes that lost it. */
  private onRenewalDecided(ttl: number, start: Instant, result: RoundResult): boolean {
    const { leaseState, lock } = this;
    const { verdict, votes } = result;
    if (!this.onlyConfirming) this.settings.roundObserver?.round("renew", result);
    if (!this.checkHeld()) return false;
    const late = result.took > roundLimit(lock.manager);
    if (verdict === "granted" && !late) {
      // The lease is still valid and the renewal covers at least what was left, so the renewed lease is valid too.
      const chance = lock.manager.random.fraction();
      if (!this.onlyConfirming)
        leaseState.confirm(start, ttl, driftOf(ttl, this.settings.driftFactor), chance);
      lock.send({ type: "RENEWED", validUntil: leaseState.validUntil, votes });
      return true;
    }
    if (verdict === "contended") {
      this.lost("LOST", lossReason(votes), votes);
    } else {
      const retryIn = this.renews ? this.retryDelay() : null;
      const reason = verdict === "granted" ? "tooSlow" : verdict;
      lock.send({ type: "NO_QUORUM", reason, votes, retryIn });
    }
    return false;
  }

  /** The ttl in ms of a renewal that begins now. It covers what is left, so that no renewal shortens the lease. */
  private ttlToRenew(): number {
    watchForDrop(this.leaseState);
    return this.leaseState.ttlToRenew(this.renewals().begin(), this.settings.driftFactor);
  }

  private retryDelay(): number {
    const tenth = Math.min(Math.max(this.leaseState.ttl / 10, renewalRetry.min), renewalRetry.max);
    // Half of the delay is random, so that locks that lost their quorum together do not all retry at once.
    return tenth * (0.5 + this.lock.manager.random.fraction() / 2);
  }

  private lost(type: LossEvent["type"], reason: ExpiryReason, votes: readonly Vote[] = []): void {
    // `end` is set before the chart gets the event, so that the lease never appears to be held meanwhile.
    this.leaseState.end = reason;
    this.sendLoss(type, reason, votes);
  }

  private sendLoss(type: LossEvent["type"], reason: ExpiryReason, votes: readonly Vote[] = []): void {
    this.lock.send({ type, reason, validUntil: this.leaseState.validUntil, votes });
  }

  /** Whether further automatic renewals follow. */
  private get renews(): boolean {
    const { leaseState } = this;
    return leaseState.grant.renew && leaseState.end === null && !leaseState.dropped && !leaseState.capped;
  }

  /** ms until the next renewal. Infinity while a renewal is under way or if no renewal follows. */
  private untilRenewal(): number {
    if (this.renewing || !this.renews) return Number.POSITIVE_INFINITY;
    if (this.pause === null) return this.leaseState.untilRenewal();
    return this.pause.delay - elapsed(this.lock.manager.clock, this.pause.since);
  }

  /** Whether anybody learns of a loss. The Redlock classes have their own ways to tell. */
  private isWatched(): boolean {
    const { leaseState, lock, settings } = this;
    const { observers, inspect } = lock.manager;
    return (
      settings.onLost !== null ||
      settings.rejectOnLoss ||
      settings.roundObserver !== null ||
      leaseState.watched ||
      // There is a warning of its own.
      leaseState.dropped ||
      observers.any ||
      inspect !== undefined ||
      lock.notifier.hasListeners("expired")
    );
  }

  private renewals(): RenewalQueue {
    this.queue ??= new RenewalQueue(this.lock, this.leaseState);
    return this.queue;
  }

  private settleRelease(outcome: ReleaseOutcome): void {
    this.lock.notifier.defer(() => this.onReleased?.(outcome));
  }

  private close(): void {
    this.over = true;
    this.lock.timer.clear();
    this.settings.roundObserver?.over(this.leaseState);
  }
}
