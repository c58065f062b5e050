import type { QueuePolicy } from "../engine/protocol/command.js";
import { driftOf } from "../engine/protocol/validity.js";
import type { Vote } from "../engine/protocol/vote.js";
import type { Claim } from "../engine/quorum/claim.js";
import type { Origin } from "../engine/quorum/origin.js";
import type { RoundResult } from "../engine/quorum/round.js";
import { elapsed, type Instant, now } from "../engine/time/clock.js";
import type { RetryReason } from "../engine/time/retry.js";
import type { FailureEvent, LockMachineEvent, RefusalEvent } from "../machines/lock-events.js";
import type { AcquiringActions } from "../machines/lock-port.js";
import { onAbort } from "../support/abort.js";
import { acquisitionError, type FailedAttempt } from "./acquisition-error.js";
import { leaseFor } from "./lease-for.js";
import type { LeaseState } from "./lease-state.js";
import type { LockInternals } from "./lock-internals.js";
import { retryDelayOf } from "./retry-delay.js";
import { roundLimit, type Settings, timeoutFor } from "./settings.js";
import { type QueuedAcquisition, queueKeyOf } from "./waiting/local-queue.js";
import { fairPolicy, WaitStrategy } from "./waiting/wait-strategy.js";

/** The chart's event for each reason why an attempt did not succeed. */
const refusalTypes = { contended: "DENIED", noQuorum: "NO_QUORUM", tooSlow: "TOO_SLOW" } as const;

/** An attempt takes no more node timeouts than that, also where the nodes are to be met, and a fence is refused. */
const attemptTimeouts = 6;

/** One acquisition, from the wish to the grant or the failure: attempts, each with a claim of its own, and the waits between. */
export class Acquisition implements QueuedAcquisition, AcquiringActions {
  readonly id: string;
  readonly queueKey: string;
  readonly keys: readonly string[];
  readonly fair: boolean;
  readonly ticket: number;
  asking = false;
  /** Where it stands in line with others who want the same. */
  private readonly waitStrategy: WaitStrategy | null;
  /** Whether it had to line up. */
  private queued = false;
  /** ms from the attempt that failed last to the next one, while it waits for that. */
  delay: number | null = null;
  readonly since: Instant;
  private start: Instant;
  private attempts = 0;
  private claim: Claim | null = null;
  /** Whether the nodes have answered the present attempt. */
  private decided = false;
  /** The last claim that reached a node, and the claim to take back. */
  private last: Claim | null = null;
  private abandoned: Claim | null = null;
  private granted: LeaseState | null = null;
  private failedAttempt: FailedAttempt | null = null;
  private unlisten: (() => void) | null = null;
  /** What the alarm is set for. */
  private next: "RETRY" | "TIMED_OUT" = "TIMED_OUT";

  constructor(
    private readonly lock: LockInternals,
    readonly settings: Settings,
    private readonly origin: Origin | null,
    private readonly resolve: (leaseState: LeaseState) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.id = lock.manager.nextAcquisition();
    this.keys = lock.keys;
    this.fair = settings.fair;
    this.queueKey = queueKeyOf(lock.keys, settings.fair);
    this.since = now(lock.manager.clock);
    this.start = this.since;
    this.ticket = Math.floor(this.since.wall);
    this.waitStrategy = this.lines ? new WaitStrategy(lock, settings, this.ticket, this) : null;
    if (settings.signal !== null) {
      this.unlisten = onAbort(settings.signal, (error) => lock.send({ type: "ABORT", error }));
    }
  }

  /** Whether it may ask at once: nobody of this process is before it. */
  enterQueue(): boolean {
    return !this.lines || this.lock.manager.localQueue.join(this, !this.settings.defaultRetry);
  }

  proceed(): void {
    this.lock.send({ type: this.delay === null ? "NEXT" : "RETRY" });
  }

  released(): void {
    if (this.delay === null) this.waitStrategy?.releasedMeanwhile();
    else this.askAgain(true);
  }

  retryWithin(delay: number): void {
    if (this.delay === null) return;
    if (delay === 0) this.askAgain(true);
    else this.remind("RETRY", Math.min(delay, this.waitLeft()));
  }

  armWait(): void {
    this.queued = true;
    this.remind("TIMED_OUT", this.waitLeft());
  }

  /** Starts an attempt; the first one of a manager waits until the nodes have been met. */
  askForGrant(attempt: number): void {
    const { engine, clock } = this.lock.manager;
    this.attempts = attempt;
    this.delay = null;
    // The first one starts with the pursuit, unless it was queued.
    const fresh = attempt === 1 && !this.queued;
    this.start = fresh ? this.since : now(clock);
    // Most attempts are over long before that: then it needs no timer.
    const left = fresh ? this.settings.wait : this.waitLeft();
    const most = attemptTimeouts * this.lock.manager.nodeTimeout;
    if (left < most || (!engine.admission.admitted && left < Number.POSITIVE_INFINITY))
      this.remind("TIMED_OUT", this.waitLeft());
    else this.lock.timer.clear();
    const claim = engine.claimFor(this.lock.keys, this.origin);
    this.claim = claim;
    this.decided = false;
    if (engine.admission.admitted) return this.attempt(claim);
    void engine.admission.admit().then(() => {
      if (this.claim !== claim) return;
      this.start = now(clock);
      this.attempt(claim);
    });
  }

  scheduleRetry(event: RefusalEvent, attempt: number): void {
    const { reason, votes } = event;
    this.takeBack();
    const delay = Math.round(this.waitStrategy?.untilRetry(event) ?? event.retryIn ?? 0);
    const left = this.waitLeft();
    this.delay = delay;
    if (delay >= left) return this.remind("TIMED_OUT", left);
    this.remind("RETRY", delay);
    this.lock.notifier.notify("retrying", this.id, { attempt, delay, reason, votes });
  }

  abandonAttempt(): void {
    const { claim, lock } = this;
    if (claim === null) return;
    if (this.failedAttempt === null) {
      const waited = Math.round(elapsed(lock.manager.clock, this.start));
      const { engine } = lock.manager;
      const votes = engine.admission.admitted
        ? claim.votesSoFar(waited)
        : engine.admission.unidentified(waited);
      this.failedAttempt = { reason: "noQuorum", attempt: this.attempts, votes };
    }
    claim.end();
    this.claim = null;
    this.abandoned = claim;
    if (claim.sent) this.last = claim;
  }

  /** Takes back what was abandoned. */
  private takeBack(): void {
    // Undecided, and given up for good: a quorum may have granted it, so those who wait are to hear of its end.
    this.abandoned?.discard(!this.decided);
    this.abandoned = null;
  }

  fail(event: FailureEvent): void {
    this.lock.endAcquisition();
    const { resources, manager } = this.lock;
    const error = acquisitionError(event, {
      resources,
      wait: this.settings.wait,
      origin: this.origin,
      attempts: this.attempts,
      last: this.failedAttempt,
      nodes: manager.engine.members.length,
    });
    const { place } = this.waitStrategy ?? {};
    const leaves = this.abandoned?.sent === true || (place && this.last !== null);
    // First the place: leaving it wakes nobody for what only a minority had granted.
    if (place) this.last?.leave(place);
    this.takeBack();
    this.close();
    const tell = () => {
      this.lock.notifier.notify("failed", this.id, { error });
      this.lock.outbox.put(() => this.reject(error));
    };
    // Whoever is told may end the process: what was granted must be on its way back by then.
    if (leaves) this.lock.manager.engine.whenWritten(() => this.lock.deliver(tell));
    else tell();
    this.lock.reportFailure(event, error);
  }

  begin(event: Extract<LockMachineEvent, { type: "GRANTED" }>): void {
    const leaseState = this.succeed(event.votes);
    if (leaseState !== null) this.lock.beginLease(leaseState, this.settings);
  }

  private succeed(votes: readonly Vote[]): LeaseState | null {
    const { granted: leaseState, id, lock, attempts: attempt } = this;
    if (leaseState === null) return null;
    if (this.origin !== null) leaseState.claim.keep();
    this.close();
    const { ttl, drift, fence } = leaseState.grant;
    const { validUntil } = leaseState;
    if (lock.notifier.hasListeners("acquired")) {
      const waited = Math.round(elapsed(lock.manager.clock, this.since));
      const details = { ttl, drift, validUntil, waited, attempt, votes };
      lock.notifier.notify("acquired", id, fence === undefined ? details : { ...details, fence });
    }
    lock.outbox.put(() => this.resolve(leaseState));
    return leaseState;
  }

  /** By the timer. */
  due(): void {
    if (this.next === "RETRY") this.askAgain(false);
    else this.lock.send({ type: this.next });
  }

  /** `isTold`: it is likely to be granted now. Otherwise it waits while too many others of this process are asking. */
  private askAgain(isTold: boolean): void {
    if (!this.lines || this.lock.manager.localQueue.again(this, isTold)) this.lock.send({ type: "RETRY" });
    else this.remind("TIMED_OUT", this.waitLeft());
  }

  private remind(next: "RETRY" | "TIMED_OUT", delay: number): void {
    this.next = next;
    this.lock.timer.set(delay, this);
  }

  private attempt(claim: Claim): void {
    const { engine } = this.lock.manager;
    const error = this.lock.manager.refusal();
    if (error !== null) return this.lock.send({ type: "REFUSED", error });
    const { ttl } = this.settings;
    const decided = (result: RoundResult) => {
      if (this.claim === claim) this.onDecided(claim, result);
    };
    const timeout = timeoutFor(this.lock.manager, ttl);
    const fences = this.settings.fence ? engine.fences : null;
    const { origin } = this;
    if (origin?.kind === "handover") claim.swap(origin, ttl, timeout, fences, decided);
    else if (origin?.kind === "shared") claim.resume(ttl, timeout, decided);
    else claim.acquire(ttl, timeout, fences, this.queuePolicy(), decided);
  }

  private onDecided(claim: Claim, result: RoundResult): void {
    const { verdict, votes, fence } = result;
    this.decided = true;
    this.lock.manager.localQueue.answered(this);
    this.settings.roundObserver?.round("acquire", result);
    if (verdict === "granted") {
      const leaseState = leaseFor(this.lock, this.settings, claim, {
        acquisition: this.id,
        began: this.since.wall,
        at: this.start,
        fence,
      });
      if (leaseState.left() > 0 && result.took <= roundLimit(this.lock.manager)) {
        this.granted = leaseState;
        return this.lock.send({ type: "GRANTED", validUntil: leaseState.validUntil, votes });
      }
    }
    const reason = verdict === "granted" ? "tooSlow" : verdict;
    this.failedAttempt = { reason, attempt: this.attempts, votes };
    const retryIn = this.hopeless(reason) ? null : retryDelayOf(this.settings, this.attempts, reason);
    // The policy is the user's code, and may have ended this attempt.
    if (this.claim !== claim) return;
    if (retryIn instanceof Error) return this.lock.send({ type: "REFUSED", error: retryIn });
    this.lock.send({ type: refusalTypes[reason], reason, votes, retryIn });
  }

  /** Whether it stands in line with others who want the same. */
  private get lines(): boolean {
    return this.settings.queued && this.origin === null;
  }

  /** How those who wait are heeded; null where nobody is. */
  private queuePolicy(): QueuePolicy | null {
    return this.waitStrategy?.queuePolicy() ?? (this.settings.fair ? fairPolicy : null);
  }

  /** Whether no further attempt can succeed, or none is wanted. */
  private hopeless(reason: RetryReason): boolean {
    const { ttl, wait, driftFactor } = this.settings;
    const stale = this.origin !== null && reason === "contended";
    return wait === 0 || stale || ttl <= driftOf(ttl, driftFactor);
  }

  /** ms; Infinity where nothing but the attempts bounds the acquisition. */
  private waitLeft(): number {
    const { wait } = this.settings;
    return wait === 0
      ? Number.POSITIVE_INFINITY
      : Math.max(0, wait - elapsed(this.lock.manager.clock, this.since));
  }

  private close(): void {
    this.unlisten?.();
    this.waitStrategy?.end();
    this.lock.manager.localQueue.leave(this);
    this.claim = null;
    this.lock.timer.clear();
  }
}
