import type { QueuePolicy } from "../engine/protocol/command.js";
import type { Claim } from "../engine/quorum/claim.js";
import type { Origin } from "../engine/quorum/origin.js";
import type { RoundResult } from "../engine/quorum/round.js";
import { afterPoll, elapsed, type Instant, now } from "../engine/time/clock.js";
import type { FailureEvent, LockMachineEvent, RefusalEvent } from "../machines/lock-events.js";
import type { AcquiringActions } from "../machines/lock-port.js";
import { onAbort } from "../support/abort.js";
import type { AsyncContext } from "../support/async-context.js";
import { acquisitionError } from "./acquisition-error.js";
import { isFinal, maxAttemptTimeouts, refusalTypes, waitLeft } from "./acquisition-limits.js";
import { createClaim } from "./create-claim.js";
import { createLeaseState } from "./create-lease-state.js";
import { type FailedAttempt, failedAttempt, undecidedAttempt } from "./failed-attempt.js";
import type { LeaseState } from "./lease-state.js";
import type { LockInternals } from "./lock-internals.js";
import { retryDelayOf } from "./retry-delay.js";
import { roundLimit, type Settings, timeoutFor } from "./settings.js";
import { type QueuedAcquisition, queueKeyOf } from "./waiting/local-queue.js";
import { bargingPolicy, fairPolicy, WaitStrategy } from "./waiting/wait-strategy.js";

/** One acquisition: attempts, each with its own claim, and the waits between them, until the grant or the failure. */
export class Acquisition implements QueuedAcquisition, AcquiringActions {
  readonly id: string;
  readonly queueKey: string;
  readonly keys: readonly string[];
  readonly fair: boolean;
  readonly ticket: number;
  asking = false;
  askedAt = 0;
  missedRelease = false;
  /** Whether the acquisition queues with others that want the same resources. */
  private readonly queues: boolean;
  /** Decides when the acquisition asks again. Created when the acquisition first needs a place in the nodes' queues. */
  private waitStrategy: WaitStrategy | null = null;
  /** Whether the acquisition waited in this process's queue before its first attempt. */
  private queued = false;
  /** ms from the last failed attempt to the next attempt. Null unless the acquisition waits between two attempts. */
  delay: number | null = null;
  readonly since: Instant;
  private start: Instant;
  attempts = 0;
  private claim: Claim | null = null;
  /** Whether the nodes have decided the current attempt. */
  private decided = false;
  /** The last claim that was sent to a node, and the claim that is still to be released. */
  private last: Claim | null = null;
  private abandoned: Claim | null = null;
  private granted: LeaseState | null = null;
  /** The last attempt that failed: of this acquisition, or of the caller of this process that came before. */
  private known: FailedAttempt | null = null;
  private removeAbortListener: (() => void) | null = null;
  /** The event for which the timer is set. */
  private next: "RETRY" | "TIMED_OUT" = "TIMED_OUT";

  constructor(
    private readonly lock: LockInternals,
    readonly settings: Settings,
    private readonly context: AsyncContext,
    readonly origin: Origin | null,
    private readonly resolve: (leaseState: LeaseState) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.id = lock.manager.nextAcquisition();
    this.keys = lock.pool?.nextLane() ?? lock.keys;
    this.fair = settings.fair;
    this.queues = settings.queued && origin === null;
    this.queueKey = queueKeyOf(this.keys, settings.fair);
    this.since = now(lock.manager.clock);
    this.start = this.since;
    this.ticket = Math.floor(this.since.wall);
    if (settings.signal !== null)
      this.removeAbortListener = onAbort(settings.signal, (error) => lock.send({ type: "ABORT", error }));
  }

  /** Joins this process's queue. Returns true if the acquisition may ask the nodes at once. */
  enterQueue(): boolean {
    const { defaultRetry, mode } = this.settings;
    // Shared acquisitions do not exclude each other: each has its own place in the nodes' queues.
    const independent = !defaultRetry || mode === "shared";
    return !this.queues || this.lock.manager.localQueue.join(this, independent);
  }

  get lastAttempt(): FailedAttempt | null {
    const { claim, known } = this;
    if (claim === null || this.decided) return this.granted === null ? known : null;
    return undecidedAttempt(this.lock.manager, claim, this.start, known);
  }

  succeed(front: QueuedAcquisition): void {
    this.known = front.lastAttempt;
  }

  proceed(): void {
    this.lock.send({ type: this.delay === null ? "NEXT" : "RETRY" });
  }

  released(rest: number): void {
    if (this.delay === null) this.missedRelease ||= rest === 0;
    else if (rest === 0) this.askAgain(true);
    else if (this.askedAt + this.delay > this.lock.manager.clock.monotonic() + rest) this.retryWithin(rest);
  }

  retryWithin(delay: number): void {
    if (this.delay === null) return this.claim?.endIfSplit();
    if (delay === 0) this.askAgain(true);
    else this.setTimer("RETRY", Math.min(delay, this.waitLeft()));
  }

  armWait(): void {
    this.queued = true;
    this.setTimer("TIMED_OUT", this.waitLeft());
  }

  /** Starts an attempt. The first attempt of a manager waits until the nodes are identified. */
  askForGrant(attempt: number): void {
    const { engine, clock } = this.lock.manager;
    this.attempts = attempt;
    this.delay = null;
    this.last?.releaseNow();
    // The first attempt starts with the acquisition, unless the acquisition was queued.
    const fresh = attempt === 1 && !this.queued;
    this.start = fresh ? this.since : now(clock);
    // Most attempts end long before `wait` is over. The timer is set only if this attempt could last longer.
    const left = fresh ? this.settings.wait : this.waitLeft();
    const maxDuration = maxAttemptTimeouts * this.lock.manager.nodeTimeout;
    if (left < maxDuration || (!engine.prepared && left < Number.POSITIVE_INFINITY))
      this.setTimer("TIMED_OUT", this.waitLeft());
    else this.lock.timer.clear();
    const claim = createClaim(this.lock, this.settings, this.origin, this.context, this.known);
    this.claim = claim;
    this.decided = false;
    if (engine.prepared) return this.attempt(claim);
    void engine.prepare().then(() => {
      if (this.claim !== claim) return;
      this.start = now(clock);
      this.attempt(claim);
    });
  }

  scheduleRetry(event: RefusalEvent, attempt: number): void {
    // A listener may end the process, so the releases must have been sent before it is called.
    this.releaseAbandoned(!this.lock.notifier.hasListeners("retrying"), true);
    const until = (this.queues ? this.waits().untilRetry(event) : event.retryIn) ?? 0;
    const delay = Math.round(until);
    const left = this.waitLeft();
    this.delay = delay;
    if (delay >= left) return this.setTimer("TIMED_OUT", left);
    if (until === 0 && event.retryIn !== 0) this.askNext(attempt);
    else this.setTimer("RETRY", delay);
    this.lock.notifyRetry(this.id, { attempt, delay, reason: event.reason, votes: event.votes });
  }

  abandonAttempt(): void {
    const { claim } = this;
    if (claim === null) return;
    this.known = this.lastAttempt;
    claim.end();
    this.claim = null;
    this.abandoned = claim;
    if (claim.sent) this.last = claim;
  }

  /** Releases the abandoned claim on the nodes. `patient`, `waits`: see {@link Claim.discard}. */
  private releaseAbandoned(patient = false, waits = false): void {
    // A quorum may have granted an undecided claim. Its release must therefore notify the waiters.
    this.abandoned?.discard(!this.decided, patient, waits);
    this.abandoned = null;
  }

  fail(event: FailureEvent): void {
    this.lock.endAcquisition();
    const error = acquisitionError(event, this.lock, this);
    const { place } = this.waitStrategy ?? {};
    const isReleasedLate = this.last?.releaseNow() === true;
    const hasWrites = isReleasedLate || this.abandoned?.sent === true || (place && this.last !== null);
    // The queue is left first: leaving the queue notifies no waiter about a lock that only a minority granted.
    if (place) this.last?.leave(place);
    this.releaseAbandoned();
    this.close();
    const report = () => {
      this.lock.notifier.notify("failed", this.id, { error });
      this.lock.notifier.defer(() => this.reject(error));
    };
    // A listener may end the process, so the releases must have been written before the failure is reported.
    if (hasWrites) this.lock.manager.engine.whenWritten(() => this.lock.deliver(report));
    else report();
    this.lock.reportFailure(event, error);
  }

  begin({ votes }: Extract<LockMachineEvent, { type: "GRANTED" }>): void {
    const { granted: leaseState, id, lock, attempts: attempt } = this;
    if (leaseState === null) return;
    if (this.origin !== null) leaseState.claim.keep();
    this.close();
    lock.notifier.permits = leaseState.claim.permits;
    const { ttl, drift, fence } = leaseState.grant;
    if (lock.notifier.hasListeners("acquired")) {
      const waited = Math.round(elapsed(lock.manager.clock, this.since));
      const details = { ttl, drift, validUntil: leaseState.validUntil, waited, attempt, votes };
      lock.notifier.notify("acquired", id, fence === undefined ? details : { ...details, fence });
    }
    lock.notifier.defer(() => this.resolve(leaseState));
    lock.beginLease(leaseState, this.settings);
  }

  due(): void {
    if (this.next === "RETRY") this.askAgain(false);
    else this.lock.send({ type: this.next });
  }

  /** Starts the next attempt. Unless `notified`, the attempt waits while too many acquisitions of this process ask. */
  private askAgain(notified: boolean): void {
    if (!this.queues || this.lock.manager.localQueue.retry(this, notified)) this.lock.send({ type: "RETRY" });
    else this.setTimer("TIMED_OUT", this.waitLeft());
  }

  /** Starts the next attempt without a timer. Not for a retry policy's delay of 0: that timer leaves time to others. */
  private askNext(attempt: number): void {
    this.setTimer("TIMED_OUT", this.waitLeft());
    afterPoll(this.lock.manager.clock, () => {
      if (this.delay === 0 && this.attempts === attempt) this.askAgain(false);
    });
  }

  private setTimer(next: "RETRY" | "TIMED_OUT", delay: number): void {
    this.next = next;
    this.lock.timer.set(delay, this);
  }

  private attempt(claim: Claim): void {
    const { manager } = this.lock;
    const error = manager.nodeSet.refusal(manager.engine);
    if (error !== null) return this.lock.send({ type: "REFUSED", error });
    const { ttl, fence } = this.settings;
    const decided = (result: RoundResult) => this.claim === claim && this.onDecided(claim, result);
    const fences = fence ? manager.engine.fences : null;
    const queue = this.queuePolicy();
    const gate = this.waitStrategy?.gate ?? null;
    claim.acquire(ttl, timeoutFor(manager, ttl), fences, queue, decided, gate);
    if (this.queues && this.settings.defaultRetry && this.settings.wait > 0) claim.allowEarlyEnd();
  }

  private onDecided(claim: Claim, result: RoundResult): void {
    const { verdict, votes, fence } = result;
    this.decided = true;
    this.lock.manager.localQueue.answered(this);
    this.settings.roundObserver?.round("acquire", result);
    if (verdict === "granted") {
      const leaseState = createLeaseState(this.lock, this.settings, claim, {
        acquisition: this.id,
        began: this.since.wall,
        at: this.start,
        fence,
        mode: (this.origin?.kind === "handover" ? this.origin.mode : undefined) ?? this.settings.mode,
        context: this.context,
      });
      if (leaseState.left() > 0 && result.took <= roundLimit(this.lock.manager)) {
        this.granted = leaseState;
        return this.lock.send({ type: "GRANTED", validUntil: leaseState.validUntil, votes });
      }
    }
    const reason = verdict === "granted" ? "tooSlow" : verdict;
    this.known = failedAttempt(reason, votes, this.lock.manager.clock, this.known);
    const reachable = this.lock.manager.engine.membership.canReachQuorum(votes);
    const { settings, context } = this;
    // The retry policy may be user code: it runs in the context of the caller, and may end this attempt.
    const delay = () => context.runInAsyncScope(retryDelayOf, null, settings, this.attempts, reason);
    const retryIn = isFinal(settings, this.origin, reason, reachable) ? null : delay();
    if (this.claim !== claim) return;
    if (retryIn instanceof Error) return this.lock.send({ type: "REFUSED", error: retryIn });
    this.lock.send({ type: refusalTypes[reason], reason, votes, retryIn });
  }

  private waits(): WaitStrategy {
    this.waitStrategy ??= new WaitStrategy(this.lock, this.settings, this);
    return this.waitStrategy;
  }

  /** How the attempt treats the nodes' queues. Null: the attempt takes no place and ignores the places of others. */
  private queuePolicy(): QueuePolicy | null {
    const { fair, mode } = this.settings;
    // Even a shared acquisition that ignores waiters leaves the keys to a reader that waits to become the writer.
    if (!this.queues) return fair ? fairPolicy : mode === "shared" ? bargingPolicy : null;
    const { clock, engine } = this.lock.manager;
    this.askedAt = clock.monotonic();
    this.missedRelease = false;
    // Most acquisitions are granted at once, and need no place.
    if (this.waitStrategy === null && !engine.wakeupChannel.isSubscribed)
      return fair ? fairPolicy : bargingPolicy;
    return this.waits().queuePolicy();
  }

  private waitLeft(): number {
    return waitLeft(this.settings, this.lock.manager.clock, this.since);
  }

  private close(): void {
    this.removeAbortListener?.();
    this.waitStrategy?.end();
    this.lock.manager.localQueue.leave(this);
    this.claim = null;
    this.delay = null;
    this.lock.timer.clear();
  }
}
