import { driftOf } from "../engine/protocol/validity.js";
import type { Vote } from "../engine/protocol/vote.js";
import type { Claim } from "../engine/quorum/claim.js";
import type { GroupedRenewal, RenewalResult } from "../engine/quorum/group-round.js";
import { elapsed, type Instant, now } from "../engine/time/clock.js";
import type { ExpiryReason } from "../errors.js";
import type { LockMachineEvent, LossEvent, RefusalEvent } from "../machines/lock-events.js";
import { watchForDrop } from "./dropped-leases.js";
import type { LeaseState } from "./lease-state.js";
import type { LockInternals } from "./lock-internals.js";
import { lossReason } from "./loss.js";
import { RenewalQueue } from "./renewal-queue.js";
import { roundLimit, type Settings, timeoutFor } from "./settings.js";

/** The range, in ms, of the delay between two renewals without a quorum. The delay is a tenth of the ttl within this range. */
const renewalRetry = { min: 10, max: 1_000 };

/** One object for all locks, because thousands of renewals become due at once. */
const renewal: LockMachineEvent = Object.freeze({ type: "RENEW" });

/** The renewals of a lease that is held: when one is due, what it asks for, and what its result means. */
export abstract class RenewableLease implements GroupedRenewal {
  private renewing = false;
  /** Whether the round under way only confirms the lease: its end stays where it is. */
  private onlyConfirming = false;
  /** The ttl in ms of the renewal under way. */
  private ttl = 0;
  /** The pause before the next renewal after a renewal that found no quorum. */
  private pause: { since: Instant; delay: number } | null = null;
  /** The votes of a renewal that another thread has made, until it is reported. */
  private elsewhere: readonly Vote[] | null = null;
  /** Created when a user first asks for a renewal. */
  private queue: RenewalQueue | null = null;

  constructor(
    protected readonly lock: LockInternals,
    readonly leaseState: LeaseState,
    readonly settings: Settings,
    /** Whether the lease is to be confirmed at once, for a node that votes again. */
    private toConfirm: boolean,
  ) {}

  /** Whether the lease is held, according to the clock and not only to the state. Ends the lease if its deadline has passed. */
  abstract checkHeld(): boolean;
  protected abstract lost(type: LossEvent["type"], reason: ExpiryReason, votes?: readonly Vote[]): void;

  get claim(): Claim {
    return this.leaseState.claim;
  }

  renew(ttl: number | null): Promise<void> {
    this.queue ??= new RenewalQueue(this.lock, this.leaseState);
    const renewed = this.queue.join(ttl);
    this.beginRenewal();
    return renewed;
  }

  /**
   * Confirms the lease, so that a node that votes again gets its keys. A lease that is renewed automatically is renewed
   * early. The end of any other lease stays where it is.
   */
  confirm(since: number): void {
    if (!this.leaseState.mayLackKeys(since) || !this.checkHeld()) return;
    this.toConfirm = true;
    this.beginRenewal();
  }

  /** Reports a renewal that another thread has made. One that is under way here reports itself. */
  renewedElsewhere(votes: readonly Vote[]): void {
    if (this.renewing || !this.checkHeld()) return;
    this.elsewhere = votes;
    this.beginRenewal();
  }

  askForRenewal(): void {
    // The renewal that began during an upgrade goes on when the upgrade has failed.
    if (this.renewing) return;
    const { leaseState, lock, elsewhere } = this;
    if (elsewhere !== null) {
      this.elsewhere = null;
      this.pause = null;
      this.onlyConfirming = false;
      return lock.send({ type: "RENEWED", validUntil: leaseState.validUntil, votes: elsewhere });
    }
    const asked = this.isAskedFor;
    this.renewing = true;
    this.pause = null;
    this.onlyConfirming = this.toConfirm && !this.renews && this.queue?.hasRequests !== true;
    this.toConfirm = false;
    this.ttl = this.onlyConfirming ? leaseState.ttlLeft() : this.ttlToRenew();
    if (asked || !this.joinsGroups || !lock.manager.renewalGroups.add(this.ttl, this)) this.renewAlone();
  }

  /** Renews the lease by a round of its own. */
  renewAlone(): void {
    const { leaseState, lock, ttl } = this;
    const start = now(lock.manager.clock);
    const timeout = Math.max(1, Math.min(timeoutFor(lock.manager, ttl), leaseState.left()));
    leaseState.claim.renew(ttl, timeout, (result) => {
      if (!this.onlyConfirming) this.settings.roundObserver?.round("renew", result);
      return this.onRenewalDecided(start, result);
    });
  }

  onGroupDecided(start: Instant, result: RenewalResult): boolean {
    return this.onRenewalDecided(start, result);
  }

  prolong({ votes }: Extract<LockMachineEvent, { type: "RENEWED" }>): void {
    const { leaseState, lock } = this;
    this.renewing = false;
    if (this.onlyConfirming) return;
    this.queue?.succeed();
    if (!lock.notifier.hasListeners("renewed")) return;
    lock.notifier.notify("renewed", leaseState.acquisition, { validUntil: leaseState.validUntil, votes });
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

  /** Begins a renewal, unless one is under way. */
  protected beginRenewal(): void {
    if (!this.renewing) this.lock.send(renewal);
  }

  /** Whether a user has asked for a renewal, or a node that votes again is to get the keys. */
  protected get isAskedFor(): boolean {
    return this.toConfirm || this.queue?.hasRequests === true;
  }

  /** Rejects all requests for a renewal, because the lease is over. */
  protected refuseRequests(): void {
    this.queue?.refuse();
  }

  /** Whether further automatic renewals follow. */
  protected get renews(): boolean {
    const { leaseState } = this;
    return leaseState.grant.renew && leaseState.end === null && !leaseState.dropped && !leaseState.capped;
  }

  /** ms until the next renewal. Infinity while a renewal is under way or if no renewal follows. */
  protected untilRenewal(): number {
    if (this.renewing || !this.renews) return Number.POSITIVE_INFINITY;
    if (this.pause === null) return this.leaseState.untilRenewal(this.lock.manager.activeLocks.size);
    return this.pause.delay - elapsed(this.lock.manager.clock, this.pause.since);
  }

  /**
   * Whether renewals may join those of other leases. An observer of rounds needs the lease's own. A group waits for silent
   * nodes as long as one lease would by itself, so there must be as much validity left.
   */
  private get joinsGroups(): boolean {
    const { leaseState, lock, settings, ttl } = this;
    return (
      settings.roundObserver === null &&
      leaseState.claim.groupable &&
      leaseState.left() >= timeoutFor(lock.manager, ttl)
    );
  }

  /** Returns whether the renewal was accepted. Only then is the key restored on nodes that lost it. */
  private onRenewalDecided(start: Instant, { verdict, votes, took }: RenewalResult): boolean {
    const { leaseState, lock, ttl } = this;
    if (!this.checkHeld()) return false;
    const late = took > roundLimit(lock.manager);
    // After a stall in which another thread has renewed the lease, a late reply is no reason to report a lost quorum.
    if (verdict === "granted" && (!late || leaseState.confirmedAt.monotonic > start.monotonic)) {
      // The lease is still valid and the renewal covers at least what was left, so the renewed lease is valid too.
      const chance = lock.manager.random.fraction();
      if (!this.onlyConfirming && !late)
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
    const { leaseState, queue } = this;
    watchForDrop(leaseState);
    const asked = queue === null ? leaseState.grant.ttl : queue.begin();
    return leaseState.ttlToRenew(asked, this.settings.driftFactor);
  }

  private retryDelay(): number {
    const tenth = Math.min(Math.max(this.leaseState.ttl / 10, renewalRetry.min), renewalRetry.max);
    // Half of the delay is random, so that locks that lost their quorum together do not all retry at once.
    return tenth * (0.5 + this.lock.manager.random.fraction() / 2);
  }
}
