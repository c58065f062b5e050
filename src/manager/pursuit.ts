import type { Claim } from "../engine/claim.js";
import { elapsed, type Instant, now } from "../engine/clock.js";
import type { RetryReason } from "../engine/retry.js";
import type { RoundResult } from "../engine/round.js";
import { driftOf, validityOf } from "../engine/validity.js";
import type { Vote } from "../engine/vote.js";
import {
  AcquireTimeoutError,
  InvalidOptionError,
  LeaseExpiredError,
  LockContendedError,
  QuorumUnavailableError,
} from "../errors.js";
import type { FailureEvent, LockMachineEvent, RefusalEvent } from "../machines/lock-events.js";
import { Hold } from "./hold.js";
import type { LockParts } from "./lock-parts.js";
import { refusalTypes } from "./refusal.js";
import { type Settings, timeoutFor } from "./settings.js";

type Granted = Extract<LockMachineEvent, { type: "GRANTED" }>;

/** How a pursuit ends: with a hold, or with an error. */
interface Caller {
  resolve(hold: Hold): void;
  reject(error: unknown): void;
}

/** One acquisition, from the wish to the grant or the failure: attempts, each with a claim of its own, and the waits between. */
export class Pursuit {
  readonly acquisition: string;
  private readonly since: Instant;
  private claim: Claim | null = null;
  private start: Instant;
  private attempts = 0;
  private lastError: LockContendedError | QuorumUnavailableError | undefined;

  constructor(
    private readonly lock: LockParts,
    readonly settings: Settings,
    /** The token to take over from, for an adoption. */
    private readonly from: string | null,
    private readonly caller: Caller,
  ) {
    this.acquisition = lock.ground.nextAcquisition();
    this.since = now(lock.ground.clock);
    this.start = this.since;
    settings.signal?.addEventListener("abort", this.onAbort, { once: true });
  }

  /** Starts an attempt; the first one of a manager waits until the nodes have been met. */
  ask(attempt: number): void {
    this.attempts = attempt;
    const { engine } = this.lock.ground;
    this.lock.alarm.set(this.waitLeft(), () => this.lock.send({ type: "TIMED_OUT" }));
    const claim = engine.claim(this.lock.keys);
    this.claim = claim;
    if (engine.admitted) return this.attempt(claim, attempt);
    void engine.admit().then(() => {
      if (this.claim === claim) this.attempt(claim, attempt);
    });
  }

  scheduleRetry({ retryIn, reason, votes }: RefusalEvent, attempt: number): void {
    const delay = Math.round(retryIn ?? 0);
    const left = this.waitLeft();
    const type = delay < left ? "RETRY" : "TIMED_OUT";
    this.lock.alarm.set(Math.min(delay, left), () => this.lock.send({ type }));
    this.lock.announcer.tell("retrying", this.acquisition, { attempt, delay, reason, votes });
  }

  abandonAttempt(): void {
    const waited = Math.round(elapsed(this.lock.ground.clock, this.start));
    if (this.claim !== null)
      this.lastError ??= this.refusal("noQuorum", this.attempts, this.claim.votesSoFar(waited));
    this.claim?.discard();
    this.claim = null;
  }

  fail(event: FailureEvent, attempt: number): void {
    const error = this.failure(event, attempt);
    this.close();
    this.lock.announcer.tell("failed", this.acquisition, { error });
    this.caller.reject(error);
  }

  /** The hold that the attempt under way was granted. */
  succeed(attempt: number, { votes, fence }: Granted): Hold | null {
    const { claim, lock, settings, acquisition } = this;
    if (claim === null) return null;
    const { clock, driftFactor } = lock.ground;
    const { ttl, maxHold } = settings;
    const drift = driftOf(ttl, driftFactor);
    const hold = new Hold(clock, claim, lock.resources, acquisition, this.start, ttl, drift, maxHold, fence);
    this.close();
    const { validUntil } = hold;
    const waited = Math.round(elapsed(clock, this.since));
    lock.announcer.tell("acquired", acquisition, {
      ttl,
      drift,
      validUntil,
      waited,
      attempt,
      votes,
      ...(fence === undefined ? {} : { fence }),
    });
    this.caller.resolve(hold);
    return hold;
  }

  private attempt(claim: Claim, attempt: number): void {
    const { engine, clock } = this.lock.ground;
    const error = this.lock.ground.refusal();
    if (error !== null) return this.lock.send({ type: "REFUSED", error });
    const { ttl } = this.settings;
    this.start = now(clock);
    const decided = (result: RoundResult) => {
      if (this.claim === claim) this.onDecided(result, attempt);
    };
    const timeout = timeoutFor(this.lock.ground, ttl);
    const fences = this.settings.fence ? engine.fences : null;
    if (this.from === null) claim.acquire(ttl, timeout, fences, decided);
    else claim.swap(this.from, ttl, timeout, fences, decided);
  }

  private onDecided({ verdict, votes, fence }: RoundResult, attempt: number): void {
    const { clock, driftFactor } = this.lock.ground;
    const { ttl } = this.settings;
    const drift = driftOf(ttl, driftFactor);
    if (verdict === "granted" && validityOf(ttl, drift, elapsed(clock, this.start)) > 0) {
      return this.lock.send({ type: "GRANTED", validUntil: this.start.wall + ttl - drift, votes, fence });
    }
    const reason = verdict === "granted" ? "tooSlow" : verdict;
    this.lastError = this.refusal(reason, attempt, votes);
    const hopeless = ttl <= drift || (this.from !== null && reason === "contended");
    const retryIn = hopeless ? null : this.retryDelay(attempt, reason);
    if (retryIn instanceof Error) return this.lock.send({ type: "REFUSED", error: retryIn });
    this.lock.send({ type: refusalTypes[reason], reason, votes, retryIn });
  }

  private retryDelay(attempt: number, reason: RetryReason): number | null | Error {
    if (this.settings.wait === 0) return null;
    try {
      const delay = this.settings.retry(attempt, reason);
      if (delay === false) return null;
      if (typeof delay === "number" && delay >= 0) return delay;
      return new InvalidOptionError("retry", delay, "a function that returns ms, at least 0, or false");
    } catch (error) {
      return error instanceof Error
        ? error
        : new InvalidOptionError("retry", error, "a function that throws nothing");
    }
  }

  /** ms; Infinity where nothing but the attempts bounds the acquisition. */
  private waitLeft(): number {
    const { wait } = this.settings;
    return wait === 0
      ? Number.POSITIVE_INFINITY
      : Math.max(0, wait - elapsed(this.lock.ground.clock, this.since));
  }

  private refusal(reason: RetryReason, attempt: number, votes: readonly Vote[]) {
    const { resources } = this.lock;
    if (reason === "contended") return new LockContendedError(resources, attempt, votes);
    return new QuorumUnavailableError(
      resources,
      this.from === null ? "acquire" : "adopt",
      attempt,
      votes,
      this.lock.ground.engine.seats.length,
      reason,
    );
  }

  private failure(event: FailureEvent, attempt: number): unknown {
    const { resources } = this.lock;
    if (event.type === "ABORT" || event.type === "REFUSED") return event.error;
    if (event.type === "TIMED_OUT") {
      return new AcquireTimeoutError(resources, this.settings.wait, attempt, this.lastError);
    }
    return this.from !== null && event.reason === "contended"
      ? new LeaseExpiredError(resources, "stale")
      : this.lastError;
  }

  private readonly onAbort = () => this.lock.send({ type: "ABORT", error: this.settings.signal?.reason });

  private close(): void {
    this.settings.signal?.removeEventListener("abort", this.onAbort);
    this.claim = null;
    this.lock.alarm.clear();
  }
}
