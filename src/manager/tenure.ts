import { elapsed, type Instant, now } from "../engine/clock.js";
import type { RoundResult } from "../engine/round.js";
import { driftOf, validityOf } from "../engine/validity.js";
import type { Vote } from "../engine/vote.js";
import { type ExpiryReason, LeaseExpiredError, QuorumUnavailableError } from "../errors.js";
import type { LossEvent, RefusalEvent } from "../machines/lock-events.js";
import { isolate } from "./emitter.js";
import type { Hold } from "./hold.js";
import type { LockParts } from "./lock-parts.js";
import { refusalTypes } from "./refusal.js";
import { type Settings, timeoutFor } from "./settings.js";
import type { ReleaseOutcome } from "./types.js";

/** Somebody who awaits a renewal. */
interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/** ms between two tries to renew without a quorum: a tenth of the ttl, within these. */
const renewalRetry = { least: 10, most: 1_000 };

/** The time in which a lock is held: renewals, the deadline, the release or the loss. */
export class Tenure {
  private renewing = false;
  /** Until the next try, after a renewal that found no quorum. */
  private pause: { since: Instant; delay: number } | null = null;
  private asked: Waiter[] = [];
  /** Those who asked before the renewal under way began. */
  private riding: Waiter[] = [];
  private askedTtl: number | null = null;
  private onReleased: (outcome: ReleaseOutcome) => void = () => {};

  constructor(
    private readonly lock: LockParts,
    readonly hold: Hold,
    private readonly settings: Settings,
  ) {
    lock.ground.vigil.add(this.look);
  }

  /** Looks at the clock, never at the state alone; a deadline that has passed is acted upon here and now. */
  checkHeld(): boolean {
    if (this.hold.end === null && this.hold.left() <= 0) {
      this.lost("EXPIRED", this.hold.dropped ? "dropped" : this.hold.capped ? "maxHold" : "deadline");
    }
    return this.hold.end === null;
  }

  renew(ttl: number | null): Promise<void> {
    return new Promise((resolve, reject) => {
      this.asked.push({ resolve, reject });
      this.askedTtl = ttl ?? this.askedTtl;
      if (!this.renewing) this.lock.send({ type: "RENEW" });
    });
  }

  release(): Promise<ReleaseOutcome> {
    const outcome = new Promise<ReleaseOutcome>((resolve) => {
      this.onReleased = resolve;
    });
    this.lock.send({ type: "RELEASE" });
    return outcome;
  }

  /** Sets the alarm to whichever comes first, the next renewal or the deadline. */
  arm(): void {
    if (this.hold.end === null && this.asked.length > 0 && !this.renewing) this.lock.send({ type: "RENEW" });
    this.lock.alarm.set(Math.min(this.hold.left(), this.untilRenewal()), this.look);
  }

  askForRenewal(): void {
    const { hold, lock } = this;
    const ttl = this.askedTtl ?? hold.ttl;
    this.renewing = true;
    this.pause = null;
    this.askedTtl = null;
    this.riding = this.asked;
    this.asked = [];
    const start = now(lock.ground.clock);
    const timeout = Math.max(1, Math.min(timeoutFor(lock.ground, ttl), hold.left()));
    hold.claim.renew(ttl, timeout, (result) => this.onRenewalDecided(ttl, start, result));
  }

  prolong(votes: readonly Vote[]): void {
    this.renewing = false;
    const { validUntil, acquisition } = this.hold;
    for (const waiter of this.riding.splice(0)) waiter.resolve();
    this.lock.announcer.tell("renewed", acquisition, { validUntil, votes });
  }

  reportQuorumLost({ votes, reason }: RefusalEvent): void {
    const { hold, lock } = this;
    this.renewing = false;
    const tenth = Math.min(Math.max(hold.ttl / 10, renewalRetry.least), renewalRetry.most);
    // Half of it by chance, so that locks that lost their quorum together do not all come back at once.
    const delay = tenth * (0.5 + lock.ground.random.fraction() / 2);
    this.pause = { since: now(lock.ground.clock), delay };
    const error = new QuorumUnavailableError(
      lock.resources,
      "renew",
      1,
      votes,
      lock.ground.engine.seats.length,
      reason === "tooSlow" ? reason : "noQuorum",
    );
    for (const waiter of this.riding.splice(0)) waiter.reject(error);
    this.arm();
    lock.announcer.tell("quorumLost", hold.acquisition, {
      votes,
      remaining: Math.max(0, Math.floor(hold.left())),
    });
  }

  askForRelease(): void {
    const { hold, lock } = this;
    hold.end = "released";
    this.refuseRenewals();
    lock.alarm.set(hold.left(), this.look);
    hold.claim.release(timeoutFor(lock.ground, hold.ttl), ({ votes }) =>
      lock.send({ type: "RELEASED", votes }),
    );
  }

  finishRelease(votes: readonly Vote[]): void {
    const { hold, lock } = this;
    this.close();
    lock.announcer.tell("released", hold.acquisition, {
      heldFor: Math.round(elapsed(lock.ground.clock, hold.grantedAt)),
      votes,
    });
    this.onReleased("released");
  }

  lose({ reason }: LossEvent): void {
    const { hold, lock } = this;
    const { onLost } = this.settings;
    // A job that has asked for the release learns it from the outcome; it has nothing left to lose.
    const released = hold.end === "released";
    const validUntil = Math.min(hold.validUntil, lock.ground.clock.wall());
    const details = { reason, validUntil, overdue: Math.max(0, Math.ceil(-hold.left())) };
    if (released) hold.claim.end();
    else hold.claim.discard();
    this.close();
    this.refuseRenewals();
    if (!released) {
      hold.abort(new LeaseExpiredError(hold.resources, reason));
      const event = lock.announcer.event(hold.acquisition, details);
      if (onLost) isolate(() => onLost(event), "onLost", lock.ground.onListenerError);
    }
    lock.announcer.tell("expired", hold.acquisition, details);
    this.onReleased("expired");
  }

  letGo(): void {
    this.hold.end = "handedOver";
    this.hold.claim.end();
    this.close();
    this.refuseRenewals();
  }

  /** The manager closes and waits no longer: nothing may be left pending. */
  stop(): void {
    this.hold.end ??= "released";
    this.hold.claim.end();
    this.close();
    this.refuseRenewals();
    this.onReleased("released");
  }

  /** By the alarm, and whenever the clocks have parted. */
  private readonly look = () => {
    if (this.hold.end === "released") {
      if (this.hold.left() <= 0) this.sendLoss("EXPIRED", "deadline");
      else this.arm();
    } else if (this.checkHeld()) {
      if (this.untilRenewal() <= 0) this.lock.send({ type: "RENEW" });
      else this.arm();
    }
  };

  /** Whether the renewal was accepted: only then are nodes that lost the key told to put it back. */
  private onRenewalDecided(ttl: number, start: Instant, { verdict, votes }: RoundResult): boolean {
    const { hold, lock } = this;
    if (!this.checkHeld()) return false;
    const drift = driftOf(ttl, lock.ground.driftFactor);
    if (verdict === "granted" && validityOf(ttl, drift, elapsed(lock.ground.clock, start)) > 0) {
      hold.confirm(start, ttl, drift);
      lock.send({ type: "RENEWED", validUntil: hold.validUntil, votes });
      return true;
    }
    if (verdict === "contended") {
      const taken = votes.some((vote) => vote.kind === "denied" && vote.holder !== null);
      this.lost("LOST", taken ? "taken" : "missing");
    } else {
      const reason = verdict === "granted" ? "tooSlow" : verdict;
      lock.send({ type: refusalTypes[reason], reason, votes, retryIn: null });
    }
    return false;
  }

  private lost(type: LossEvent["type"], reason: ExpiryReason): void {
    // Latched before the chart hears of it: whoever asks meanwhile must not be told that it is held.
    this.hold.end = reason;
    this.sendLoss(type, reason);
  }

  private sendLoss(type: LossEvent["type"], reason: ExpiryReason): void {
    this.lock.send({ type, reason, validUntil: this.hold.validUntil });
  }

  /** ms; Infinity while one is under way, and where none is to come. */
  private untilRenewal(): number {
    const { hold, settings } = this;
    if (this.renewing || hold.end !== null || hold.dropped || !settings.renew || hold.capped) {
      return Number.POSITIVE_INFINITY;
    }
    if (this.pause === null) return hold.untilRenewal();
    return this.pause.delay - elapsed(this.lock.ground.clock, this.pause.since);
  }

  private refuseRenewals(): void {
    const waiters = [...this.riding.splice(0), ...this.asked.splice(0)];
    for (const waiter of waiters) waiter.reject(this.hold.overError());
  }

  private close(): void {
    this.lock.alarm.clear();
    this.lock.ground.vigil.remove(this.look);
  }
}
