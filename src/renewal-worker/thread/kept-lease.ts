import type { QueuePlace } from "../../engine/protocol/command.js";
import { isSharedToken } from "../../engine/protocol/token.js";
import { driftOf } from "../../engine/protocol/validity.js";
import type { Vote } from "../../engine/protocol/vote.js";
import type { Claim } from "../../engine/quorum/claim.js";
import type { QuorumEngine } from "../../engine/quorum/engine.js";
import type { GroupedRenewal, RenewalResult } from "../../engine/quorum/group-round.js";
import { ReaderClaim } from "../../engine/quorum/reader-claim.js";
import { elapsed, type Instant, now } from "../../engine/time/clock.js";
import { ResettableTimer, type TimerWheel } from "../../engine/time/timer-wheel.js";
import { LeaseState } from "../../lock/lease-state.js";
import { lossReason } from "../../lock/loss.js";
import type { RenewalGroups } from "../../lock/renewal-groups.js";
import { type ManagerSettings, roundLimit, timeoutFor } from "../../lock/settings.js";
import { sharedContext } from "../../support/async-context.js";
import type { LeaseSlot } from "../lease-slots.js";
import type { LeaseRegistration } from "../messages.js";
import type { SharedClock } from "../shared-clock.js";

/** The share of the validity for which the main thread may be late with a renewal before the worker renews. */
const patience = 0.1;
/** The range, in ms, of the delay after a renewal without a quorum: a tenth of the ttl within this range. */
const retry = { min: 10, max: 1_000 };

/** What the leases of one worker share. */
export interface KeeperContext {
  readonly engine: QuorumEngine;
  readonly settings: ManagerSettings;
  readonly sharedClock: SharedClock;
  readonly groups: RenewalGroups;
  readonly background: TimerWheel;
  /** ms. */
  readonly stallLimit: number;
  /** The number of leases. */
  readonly size: number;
  /** The monotonic time in ms at which the main thread was last heard. */
  readonly lastHeard: number;
  renewed(lease: number, votes: readonly Vote[]): void;
  lost(lease: number): void;
}

/**
 * A lease of the main thread, as the worker keeps it: renewed whenever the main thread does not in time, until the main thread
 * has not been heard for `stallLimit`.
 */
export class KeptLease implements GroupedRenewal {
  readonly claim: Claim;
  private readonly leaseState: LeaseState;
  private readonly timer: ResettableTimer;
  private ended = false;
  private renewing = false;
  /** The ttl in ms of the renewal under way. */
  private ttl = 0;
  private pause: { readonly since: Instant; readonly delay: number } | null = null;
  /** How often the main thread had asked in the shared memory, and since when it has not asked again. */
  private questions: number;
  private askedAt: number;

  constructor(
    private readonly context: KeeperContext,
    private readonly registration: LeaseRegistration,
    private readonly slot: LeaseSlot,
  ) {
    const { engine, settings, sharedClock, background } = context;
    const { keys, token, resources, grantedAt, confirmedAt, lastTtl, ...terms } = registration;
    const { driftFactor, clock } = settings;
    this.claim = engine.claims.createWithToken(keys, token, sharedContext);
    this.leaseState = new LeaseState(clock, this.claim, {
      ...terms,
      resources,
      acquisition: "",
      began: grantedAt.wall,
      at: sharedClock.toLocal(grantedAt),
      drift: driftOf(terms.ttl, driftFactor),
      fence: undefined,
      mode: isSharedToken(token) ? "shared" : "exclusive",
      context: sharedContext,
      renew: true,
      // The latest time at which the main thread renews.
      chance: 0,
    });
    this.confirmed(confirmedAt, lastTtl);
    if (terms.holdAtLeast > 0) this.claim.keptUntil = this.leaseState.keptUntil;
    this.questions = slot.questions;
    this.askedAt = clock.monotonic();
    this.timer = new ResettableTimer(engine.timerWheel, background);
    this.arm();
  }

  /** The main thread has upgraded the lease. */
  upgraded(place: QueuePlace): void {
    if (this.claim instanceof ReaderClaim) this.claim.upgraded(place);
  }

  /** The main thread has renewed the lease. */
  confirmed(start: Instant, ttl: number): void {
    const { sharedClock, settings } = this.context;
    this.pause = null;
    this.leaseState.confirmElsewhere(sharedClock.toLocal(start), ttl, driftOf(ttl, settings.driftFactor));
  }

  /** The lease is to be renewed no more. */
  drop(): void {
    this.leaseState.drop();
  }

  /** Sends nothing more in the name of the lease. */
  end(): void {
    this.ended = true;
    this.timer.clear();
    this.claim.end();
  }

  /**
   * The lease is over. The main thread has released it, or has passed it on; whatever the worker has sent and a node may execute
   * late is released here.
   */
  close(handedOver: boolean): void {
    const { lost } = this;
    this.end();
    if (!lost && handedOver) this.claim.handOver(false);
    else if (!lost && this.claim.sent) this.claim.discard(false);
    this.slot.free();
  }

  /** Called by the timer. */
  due(): void {
    if (this.ended || this.slot.isEnded) return;
    const { leaseState } = this;
    if (leaseState.left() <= 0) return this.lose(leaseState.capped ? "maxHold" : "deadline");
    if (this.untilStalled() <= 0 && this.slot.giveUp(this.questions)) return this.lose("stalled");
    if (this.untilRenewal() <= 0) this.renew();
    this.arm();
  }

  renewAlone(): void {
    const { leaseState, context, ttl } = this;
    const start = now(context.settings.clock);
    const timeout = Math.max(1, Math.min(timeoutFor(context.settings, ttl), leaseState.left()));
    this.claim.renew(ttl, timeout, (result) => this.onGroupDecided(start, result));
  }

  onGroupDecided(start: Instant, { verdict, votes, took }: RenewalResult): boolean {
    const { leaseState, context, registration, slot, ttl } = this;
    const { settings, sharedClock } = context;
    this.renewing = false;
    if (this.ended) return false;
    if (leaseState.left() <= 0) {
      this.due();
      return false;
    }
    if (verdict === "contended") {
      this.lose(lossReason(votes));
      return false;
    }
    const renewed = verdict === "granted" && took <= roundLimit(settings);
    if (renewed) {
      leaseState.confirm(start, ttl, driftOf(ttl, settings.driftFactor), 0);
      slot.confirm({ start: sharedClock.toShared(start), ttl });
      context.renewed(registration.lease, votes);
    } else {
      const tenth = Math.min(Math.max(leaseState.ttl / 10, retry.min), retry.max);
      const delay = tenth * (0.5 + settings.random.fraction() / 2);
      this.pause = { since: now(settings.clock), delay };
    }
    this.arm();
    return renewed;
  }

  private get lost(): boolean {
    return this.leaseState.end !== null;
  }

  private renew(): void {
    const { leaseState, context } = this;
    this.renewing = true;
    this.pause = null;
    this.ttl = leaseState.ttlToRenew(leaseState.grant.ttl, context.settings.driftFactor);
    const joins = this.claim.groupable && leaseState.left() >= timeoutFor(context.settings, this.ttl);
    if (!joins || !context.groups.add(this.ttl, this)) this.renewAlone();
  }

  /** The lease is lost: the main thread reads it in the shared memory, and the keys are released. */
  private lose(reason: "stalled" | "deadline" | "taken" | "missing" | "maxHold"): void {
    this.leaseState.end = reason;
    // Written before the release is sent: from now on the main thread must not take the lease to be held.
    this.slot.lose(reason);
    this.end();
    this.claim.discard(true);
    this.context.lost(this.registration.lease);
  }

  private arm(): void {
    if (this.ended) return;
    this.timer.set(Math.min(this.leaseState.left(), this.untilStalled(), this.untilRenewal()), this);
  }

  /** ms until the worker renews the lease, unless the main thread does. */
  private untilRenewal(): number {
    const { leaseState, pause, context } = this;
    if (this.renewing || leaseState.dropped || leaseState.capped) return Number.POSITIVE_INFINITY;
    if (pause !== null) return pause.delay - elapsed(context.settings.clock, pause.since);
    const late = (leaseState.ttl - leaseState.drift) * patience;
    // Whole ms, so that no timer is set for a rest that rounding has left.
    return Math.floor(leaseState.untilRenewal(context.size) + late);
  }

  /** ms until the main thread has not been heard, and has asked nothing, for `stallLimit`. */
  private untilStalled(): number {
    const { context, leaseState, slot } = this;
    const time = context.settings.clock.monotonic();
    const { questions } = slot;
    if (questions !== this.questions) {
      this.questions = questions;
      this.askedAt = time;
    }
    // No answer that the main thread has had lasts beyond the ttl, so the lease is over in its eyes, too.
    const limit = Math.max(context.stallLimit, leaseState.ttl);
    return Math.ceil(Math.max(context.lastHeard, this.askedAt) + limit - time);
  }
}
