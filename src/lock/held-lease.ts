import type { ReleaseOutcome } from "../api/types.js";
import { driftOf } from "../engine/protocol/validity.js";
import type { Vote } from "../engine/protocol/vote.js";
import type { RoundResult } from "../engine/quorum/round.js";
import { elapsed, type Instant, now } from "../engine/time/clock.js";
import { type ExpiryReason, LeaseExpiredError } from "../errors.js";
import type { LossEvent, RefusalEvent } from "../machines/lock-events.js";
import { watchForDrop } from "./dropped-leases.js";
import type { Hold } from "./lease-state.js";
import type { LockParts } from "./lock-internals.js";
import { lossIn } from "./loss.js";
import { RenewalQueue } from "./renewal-queue.js";
import { roundLimit, type Settings, timeoutFor } from "./settings.js";

/** ms between two tries to renew without a quorum: a tenth of the ttl, within these. */
const renewalRetry = { least: 10, most: 1_000 };

/** The time in which a lock is held: renewals, the deadline, the release or the loss. */
export class Tenure {
  private over = false;
  private renewing = false;
  /** Until the next try, after a renewal that found no quorum. */
  private pause: { since: Instant; delay: number } | null = null;
  private readonly queue: RenewalQueue;
  /** A quorum of nodes has answered the release. */
  private confirmed = false;
  private onReleased: ((outcome: ReleaseOutcome) => void) | null = null;

  constructor(
    private readonly lock: LockParts,
    readonly hold: Hold,
    private readonly settings: Settings,
  ) {
    this.queue = new RenewalQueue(lock, hold);
  }

  get entrusted(): boolean {
    return this.settings.entrusted;
  }

  /** Looks at the clock, never at the state alone; a deadline that has passed is acted upon here and now. */
  checkHeld(): boolean {
    if (this.hold.end === null && this.hold.left() <= 0) {
      this.lost("EXPIRED", this.hold.dropped ? "dropped" : this.hold.capped ? "maxHold" : "deadline");
    }
    return this.hold.end === null;
  }

  renew(ttl: number | null): Promise<void> {
    const renewed = this.queue.join(ttl);
    if (!this.renewing) this.lock.send({ type: "RENEW" });
    return renewed;
  }

  /** Over from here on: what the nodes say to it only decides when it is through. */
  release(): void {
    this.hold.end = "released";
    this.hold.releasing = new Promise<ReleaseOutcome>((resolve) => {
      this.onReleased = resolve;
    });
    this.lock.send({ type: "RELEASE" });
  }

  handOver(): void {
    this.hold.end = "handedOver";
    this.lock.send({ type: "HAND_OVER" });
  }

  /** Sets the alarm to whichever comes first, the next renewal or the deadline. */
  arm(): void {
    if (this.hold.end === null && this.queue.asked && !this.renewing) this.lock.send({ type: "RENEW" });
    const background = this.entrusted && !this.renews;
    this.lock.alarm.set(Math.min(this.hold.left(), this.untilRenewal()), this, background);
  }

  askForRenewal(): void {
    const { hold, lock } = this;
    const { clock } = lock.ground;
    this.renewing = true;
    this.pause = null;
    watchForDrop(hold);
    // Never for less than is left: each renewal counts from its own start, and none may shorten the lease.
    const ttl = hold.ttlToRenew(this.queue.begin(), this.settings.driftFactor);
    const start = now(clock);
    const timeout = Math.max(1, Math.min(timeoutFor(lock.ground, ttl), hold.left()));
    hold.claim.renew(ttl, timeout, (result) => this.onRenewalDecided(ttl, start, result));
  }

  prolong(votes: readonly Vote[]): void {
    const { validUntil, acquisition } = this.hold;
    this.renewing = false;
    this.queue.succeed();
    this.lock.announcer.tell("renewed", acquisition, { validUntil, votes });
  }

  reportQuorumLost({ reason, votes, retryIn }: RefusalEvent): void {
    const { hold, lock } = this;
    this.renewing = false;
    if (retryIn !== null) this.pause = { since: now(lock.ground.clock), delay: retryIn };
    this.queue.fail(votes, reason === "tooSlow" ? "tooSlow" : "noQuorum");
    const remaining = Math.max(0, Math.floor(hold.left()));
    lock.announcer.tell("quorumLost", hold.acquisition, { votes, remaining });
  }

  askForRelease(): void {
    const { hold, lock } = this;
    this.queue.refuse();
    // The alarm of the time before goes on: it looks at the deadline, too.
    hold.claim.release(timeoutFor(lock.ground, hold.ttl), (result) => {
      this.settings.witness?.round("release", result);
      this.confirmed = result.verdict === "granted";
      lock.send({ type: "RELEASED", votes: result.votes });
    });
    lock.ground.lines.freed(lock.keys);
  }

  finishRelease(votes: readonly Vote[]): void {
    const { hold, lock } = this;
    hold.claim.end();
    this.close();
    if (lock.announcer.hears("released")) {
      const heldFor = Math.round(elapsed(lock.ground.clock, hold.grant.at));
      lock.announcer.tell("released", hold.acquisition, { heldFor, votes });
    }
    this.settleRelease(this.confirmed ? "released" : "pending");
  }

  /**
   * What is left on the nodes of a lost lease; a release that was under way has asked for that already. Where others
   * may have renewed it, its end here says nothing about them.
   */
  releaseRemains(): void {
    const { end } = this.hold;
    if (end === "released" || (end === "deadline" && this.entrusted)) this.hold.claim.end();
    else this.hold.claim.discard(true);
  }

  lose({ reason }: LossEvent): void {
    const { hold, lock } = this;
    const { onLost } = this.settings;
    const validUntil = Math.min(hold.validUntil, lock.ground.clock.wall());
    const details = { reason, validUntil, overdue: Math.max(0, Math.ceil(-hold.left())) };
    this.close();
    this.queue.refuse();
    // A job that has asked for the release learns it from the outcome; it has nothing left to lose.
    const lost = hold.end !== "released";
    if (lost) lock.outbox.put(() => hold.abort(new LeaseExpiredError(hold.resources, reason)));
    lock.announcer.tell("expired", hold.acquisition, details);
    if (lost && onLost) lock.announcer.callLost(onLost, hold.acquisition, details);
    this.settleRelease("expired");
  }

  letGo(): void {
    this.hold.claim.end();
    this.close();
    this.queue.refuse();
    this.settleRelease("handedOver");
  }

  /** By the alarm. */
  due(): void {
    if (this.over) return;
    if (this.hold.end === "released") {
      if (this.hold.left() <= 0) this.sendLoss("EXPIRED", "deadline");
      else this.arm();
    } else if (this.checkHeld()) {
      if (this.untilRenewal() <= 0) this.lock.send({ type: "RENEW" });
      else this.arm();
    }
  }

  /** The clocks have parted. */
  wake(): void {
    this.due();
  }

  /** Whether the renewal was accepted: only then are nodes that lost the key told to put it back. */
  private onRenewalDecided(ttl: number, start: Instant, result: RoundResult): boolean {
    const { hold, lock } = this;
    const { verdict, votes } = result;
    this.settings.witness?.round("renew", result);
    if (!this.checkHeld()) return false;
    const late = result.took > roundLimit(lock.ground);
    if (verdict === "granted" && !late) {
      // The lease still runs, and this renewal was for no less than was left of it: so it has left some validity too.
      const chance = lock.ground.random.fraction();
      hold.confirm(start, ttl, driftOf(ttl, this.settings.driftFactor), chance);
      lock.send({ type: "RENEWED", validUntil: hold.validUntil, votes });
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
    const tenth = Math.min(Math.max(this.hold.ttl / 10, renewalRetry.least), renewalRetry.most);
    // Half of it by chance, so that locks that lost their quorum together do not all come back at once.
    return tenth * (0.5 + this.lock.ground.random.fraction() / 2);
  }

  private lost(type: LossEvent["type"], reason: ExpiryReason, votes: readonly Vote[] = []): void {
    // Latched before the chart hears of it: whoever asks meanwhile must not be told that it is held.
    this.hold.end = reason;
    this.sendLoss(type, reason, votes);
  }

  private sendLoss(type: LossEvent["type"], reason: ExpiryReason, votes: readonly Vote[] = []): void {
    this.lock.send({ type, reason, validUntil: this.hold.validUntil, votes });
  }

  /** Whether further renewals follow by themselves. */
  private get renews(): boolean {
    const { hold } = this;
    return hold.grant.renew && hold.end === null && !hold.dropped && !hold.capped;
  }

  /** ms; Infinity while one is under way, and where none is to come. */
  private untilRenewal(): number {
    if (this.renewing || !this.renews) return Number.POSITIVE_INFINITY;
    if (this.pause === null) return this.hold.untilRenewal();
    return this.pause.delay - elapsed(this.lock.ground.clock, this.pause.since);
  }

  private settleRelease(outcome: ReleaseOutcome): void {
    this.lock.outbox.put(() => this.onReleased?.(outcome));
  }

  private close(): void {
    this.over = true;
    this.lock.alarm.clear();
    this.settings.witness?.over(this.hold);
  }
}
