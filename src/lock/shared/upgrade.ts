import { upgraderSign, upgradeTicket } from "../../engine/protocol/command.js";
import { driftOf, validityOf } from "../../engine/protocol/validity.js";
import type { Vote } from "../../engine/protocol/vote.js";
import type { ReaderClaim } from "../../engine/quorum/reader-claim.js";
import type { RoundResult } from "../../engine/quorum/round.js";
import type { WakeupListener } from "../../engine/quorum/wakeup-channel.js";
import { elapsed, type Instant, now, type Timer } from "../../engine/time/clock.js";
import { UpgradeFailedError } from "../../errors.js";
import type { UpgradingActions } from "../../machines/lock-port.js";
import { onAbort } from "../../support/abort.js";
import { afterJobs } from "../../support/platform.js";
import type { UpgradeFailure } from "../../upgrade-failed-error.js";
import type { LeaseState } from "../lease-state.js";
import type { LockInternals } from "../lock-internals.js";
import { roundLimit, type Settings, timeoutFor } from "../settings.js";
import type { UpgradeSettings } from "./upgrade-options.js";

/** ms between two attempts, plus or minus a quarter. A node gives up its place for the lease after 1.5 s without one. */
const poll = 400;
/** The same for a lease that the nodes cannot notify. */
const unnotifiedPoll = 36;

/**
 * The upgrade of one shared lease. A node gives the keys to the lease alone as soon as nobody shares them, and keeps new
 * readers out until then. Once a quorum has done so, nobody else can have a quorum: each quorum of another lease shares a node
 * with this one, and that node has refused it, or no longer holds it.
 */
export class Upgrade implements UpgradingActions, WakeupListener {
  begun = false;
  private over = false;
  private attempts = 0;
  private readonly begin: Instant;
  /** The place in the nodes' queues, in front of all others. */
  private readonly place: { readonly id: string; readonly ticket: number };
  /** Whether a node has told meanwhile that the others have left. */
  private notified = false;
  private waiting = false;
  private readonly deadline: Timer;
  private retry: Timer | null = null;
  private removeAbortListener: (() => void) | null = null;
  private votes: readonly Vote[] = [];

  constructor(
    private readonly lock: LockInternals,
    private readonly leaseState: LeaseState,
    private readonly claim: ReaderClaim,
    private readonly settings: Settings,
    private readonly options: UpgradeSettings,
    private readonly resolve: () => void,
    private readonly reject: (error: unknown) => void,
  ) {
    const { engine, clock } = lock.manager;
    this.begin = now(clock);
    this.place = { id: engine.wakeupChannel.register(this, { before: upgraderSign }), ticket: upgradeTicket };
    const { wait, signal } = options;
    this.deadline = clock.after(wait === 0 ? timeoutFor(lock.manager, leaseState.ttl) : wait, () =>
      this.timedOut(),
    );
    if (signal !== null) this.removeAbortListener = onAbort(signal, (reason) => this.fail(reason));
  }

  askForUpgrade(): void {
    const { lock, leaseState, settings } = this;
    const { manager } = lock;
    this.begun = true;
    this.waiting = this.notified = false;
    if (this.claim.downgrading) return this.waitForDowngrade();
    this.attempts++;
    const ttl = leaseState.ttlToRenew(leaseState.ttl, settings.driftFactor);
    const start = now(manager.clock);
    const timeout = Math.max(1, Math.min(timeoutFor(manager, ttl), leaseState.left()));
    const fences = settings.fence ? manager.engine.fences : null;
    this.claim.upgrade(ttl, timeout, fences, this.place, (result) => {
      const { verdict, took, votes, fence } = result;
      if (!this.isActive) return;
      this.votes = votes;
      const drift = driftOf(ttl, settings.driftFactor);
      const isLate = took > roundLimit(manager) || validityOf(ttl, drift, elapsed(manager.clock, start)) <= 0;
      if (verdict !== "granted" || isLate) return void this.decideToWait(result);
      this.claim.upgraded(this.place);
      leaseState.kept?.upgraded(this.place);
      // The nodes keep the keys for at least that long from now on, in the name of this lease alone.
      leaseState.confirm(start, ttl, drift, manager.random.fraction());
      leaseState.upgrade(fence);
      lock.send({ type: "UPGRADED", validUntil: leaseState.validUntil, votes });
    });
  }

  /** An earlier upgrade of the lease is still being undone on a node, which would undo this one too. */
  private waitForDowngrade(): void {
    this.claim.whenDowngraded(() => this.woken());
    afterJobs(() => {
      if (this.isActive) this.lock.send({ type: "BLOCKED", votes: this.votes });
    });
  }

  scheduleUpgrade(): void {
    const { clock, engine, random } = this.lock.manager;
    engine.wakeupChannel.listen(this.place.id);
    this.waiting = true;
    if (this.notified) return this.askAgain();
    const isNotified = engine.wakeupChannel.isSubscribed || !this.isAnswered;
    const interval = isNotified ? poll : unnotifiedPoll;
    this.retry?.cancel();
    this.retry = clock.after(interval * (0.75 + random.fraction() / 2), () => this.askAgain());
  }

  finishUpgrade(): void {
    this.close();
    const { leaseState, lock, votes } = this;
    const { acquisition, validUntil, fence } = leaseState;
    const waited = Math.round(elapsed(lock.manager.clock, this.begin));
    lock.notifier.mode = "exclusive";
    lock.notifier.notify("upgraded", acquisition, {
      ...{ validUntil, waited, attempt: this.attempts, votes },
      ...(fence === undefined ? {} : { fence }),
    });
    this.lock.notifier.defer(this.resolve);
  }

  failUpgrade(error: unknown): void {
    this.close();
    if (this.attempts > 0) this.claim.downgrade(this.place.id);
    this.lock.notifier.defer(() => this.reject(error));
  }

  /** Ends the upgrade because the lease is over. */
  end(): void {
    if (this.over) return;
    this.close();
    const error = this.leaseState.overError();
    this.lock.notifier.defer(() => this.reject(error));
  }

  woken(): void {
    this.notified = true;
    if (this.waiting) this.askAgain();
  }

  subscribed(): void {}

  private get isActive(): boolean {
    return !this.over && this.leaseState.end === null;
  }

  /**
   * The nodes that keep a place for this lease, or have given it the keys, must be a quorum. Otherwise another lease that waits
   * to become exclusive may have one, and each would wait for the other to end.
   */
  private async decideToWait({ ballot }: RoundResult): Promise<void> {
    const votes = await ballot.everyVote();
    if (!this.isActive) return;
    this.votes = votes;
    const isTaken = (vote: Vote) => vote.kind === "denied" && vote.holder?.upgrading === true;
    const isKept = (vote: Vote) =>
      vote.kind === "granted" || (vote.kind === "denied" && vote.holder?.mode === "shared");
    const kept = votes.filter((vote) => isKept(vote) && !isTaken(vote)).map(({ node }) => node);
    const hasQuorum = this.lock.manager.engine.membership.isQuorumOf(kept);
    if (!hasQuorum && votes.some(isTaken)) return this.fail(this.error("contended"));
    if (this.options.wait === 0) return this.timedOut();
    this.lock.send({ type: "BLOCKED", votes });
  }

  private askAgain(): void {
    this.retry?.cancel();
    if (!this.isActive || !this.waiting) return;
    this.waiting = false;
    this.lock.send({ type: "RETRY" });
  }

  /** Whether a quorum of the nodes has answered the last attempt. */
  private get isAnswered(): boolean {
    const answered = this.votes.filter(({ kind }) => kind !== "failed").map(({ node }) => node);
    return this.lock.manager.engine.membership.isQuorumOf(answered);
  }

  private timedOut(): void {
    if (this.attempts === 0) {
      this.votes = this.claim.unconfirmed;
      return this.fail(this.error("unsettled"));
    }
    if (this.votes.length === 0) {
      this.votes = this.claim.votesSoFar(elapsed(this.lock.manager.clock, this.begin));
    }
    this.fail(this.error(this.isAnswered ? "timeout" : "noQuorum"));
  }

  private error(reason: Exclude<UpgradeFailure, "exclusive">): UpgradeFailedError {
    return new UpgradeFailedError(
      this.leaseState.resources,
      reason,
      this.votes,
      this.options.wait,
      this.attempts,
    );
  }

  private fail(error: unknown): void {
    if (!this.isActive) return;
    this.lock.send({ type: "UPGRADE_FAILED", error });
    // The chart has not begun the upgrade, because a renewal is under way.
    if (!this.over) this.lock.deliver(() => this.failUpgrade(error));
  }

  private close(): void {
    this.over = true;
    this.deadline.cancel();
    this.retry?.cancel();
    this.removeAbortListener?.();
    this.lock.manager.engine.wakeupChannel.unregister(this.place.id);
    this.lock.endUpgrade();
  }
}
