import type { Vote } from "../engine/protocol/vote.js";
import type { ReaderClaim } from "../engine/quorum/reader-claim.js";
import { elapsed } from "../engine/time/clock.js";
import type { ExpiryReason } from "../errors.js";
import type { LockMachineEvent, LossEvent } from "../machines/lock-events.js";
import type { HoldingActions } from "../machines/lock-port.js";
import type { LeaseState } from "./lease-state.js";
import type { LockInternals } from "./lock-internals.js";
import { warnOfLoss } from "./loss.js";
import type { ReleaseOutcome } from "./release-outcome.js";
import { RenewableLease } from "./renewable-lease.js";
import { type Settings, timeoutFor } from "./settings.js";
import { Upgrade } from "./shared/upgrade.js";
import type { UpgradeSettings } from "./shared/upgrade-options.js";

/** A lease that is held: the deadline, and the release or the loss. */
export class HeldLease extends RenewableLease implements HoldingActions {
  private over = false;
  /** Whether a quorum of nodes has confirmed the release. */
  private confirmed = false;
  /** Epoch ms until which the nodes keep the lock although it was released. Null if the release frees the lock. */
  private keptUntil: number | null = null;
  private onReleased: ((outcome: ReleaseOutcome) => void) | null = null;

  constructor(lock: LockInternals, leaseState: LeaseState, settings: Settings, toConfirm: boolean) {
    super(lock, leaseState, settings, toConfirm);
    if (leaseState.grant.holdAtLeast > 0) leaseState.claim.keptUntil = leaseState.keptUntil;
    if (leaseState.grant.renew) leaseState.kept = lock.manager.leaseKeeper?.keep(this) ?? null;
  }

  get wait(): number {
    return this.settings.wait;
  }

  upgrade(
    claim: ReaderClaim,
    options: UpgradeSettings,
    resolve: () => void,
    reject: (error: unknown) => void,
  ): Upgrade {
    return new Upgrade(this.lock, this.leaseState, claim, this.settings, options, resolve, reject);
  }

  get tokenShared(): boolean {
    return this.settings.tokenShared;
  }

  /** Whether the lease is held, according to the clock and not only to the state. Ends the lease if its deadline has passed. */
  checkHeld(): boolean {
    if (this.leaseState.end === null && this.leaseState.left() <= 0) {
      const { dropped, capped, lostElsewhere } = this.leaseState;
      const here = dropped ? "dropped" : capped ? "maxHold" : "deadline";
      this.lost("EXPIRED", lostElsewhere ?? here);
    }
    return this.leaseState.end === null;
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
    if (this.isAskedFor && this.leaseState.end === null) this.beginRenewal();
    else this.lock.resumeUpgrade();
    const background = this.tokenShared && !this.renews;
    this.lock.timer.set(Math.min(this.leaseState.left(), this.untilRenewal()), this, background);
  }

  protected override refuseRequests(): void {
    super.refuseRequests();
    this.lock.refuseUpgrade();
  }

  askForRelease(): void {
    const { leaseState, lock } = this;
    leaseState.kept?.end();
    this.refuseRequests();
    const rest = leaseState.rest();
    if (rest > 0) this.keptUntil = Math.ceil(lock.manager.clock.wall() + rest);
    // The timer that was set before stays active, because the timer also checks the deadline.
    leaseState.claim.release(timeoutFor(lock.manager, leaseState.ttl), (result) => {
      this.settings.roundObserver?.round("release", result);
      this.confirmed = result.verdict === "granted";
      lock.send({ type: "RELEASED", votes: result.votes });
    });
    // While others share the keys, nobody else can have them. The nodes tell who may.
    if (leaseState.mode === "exclusive") lock.manager.localQueue.released(lock.keys, rest);
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
    this.leaseState.kept?.end();
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
    this.refuseRequests();
    // A job that asked for the release gets the loss as the outcome of the release, without an abort or `onLost`.
    const lost = leaseState.end !== "released";
    if (lost) lock.notifier.defer(() => leaseState.abort(leaseState.lossError(reason)));
    lock.notifier.notify("expired", leaseState.acquisition, details);
    if (lost && onLost) lock.notifier.callLost(onLost, leaseState.acquisition, details);
    if (lost && !this.isWatched()) {
      lock.notifier.defer(() => warnOfLoss(leaseState, reason, details.validUntil));
    }
    this.settleRelease("expired");
  }

  endWithoutRelease(): void {
    this.lock.endLease();
    this.leaseState.kept?.end();
    this.leaseState.claim.handOver(this.tokenShared);
    this.close();
    this.refuseRequests();
    this.settleRelease("handedOver");
  }

  /** Called by the timer. */
  due(): void {
    if (this.over) return;
    if (this.leaseState.end === "released") {
      if (this.leaseState.left() <= 0) this.sendLoss("EXPIRED", "deadline");
      else this.armTimer();
    } else if (this.checkHeld()) {
      if (this.untilRenewal() <= 0) this.beginRenewal();
      else this.armTimer();
    }
  }

  protected lost(type: LossEvent["type"], reason: ExpiryReason, votes: readonly Vote[] = []): void {
    // `end` is set before the chart gets the event, so that the lease never appears to be held meanwhile.
    this.leaseState.end = reason;
    this.sendLoss(type, reason, votes);
  }

  private sendLoss(type: LossEvent["type"], reason: ExpiryReason, votes: readonly Vote[] = []): void {
    this.lock.send({ type, reason, validUntil: this.leaseState.validUntil, votes });
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
      observers.anyActive ||
      inspect !== undefined ||
      lock.notifier.hasListeners("expired")
    );
  }

  private settleRelease(outcome: ReleaseOutcome): void {
    this.lock.notifier.defer(() => this.onReleased?.(outcome));
  }

  private close(): void {
    this.over = true;
    this.leaseState.kept?.close(this.leaseState.end === "handedOver");
    this.leaseState.kept = null;
    this.lock.timer.clear();
    this.settings.roundObserver?.over(this.leaseState);
  }
}
