import type { LockContext } from "../../../src/machines/lock-context.js";
import type { LockMachineEvent } from "../../../src/machines/lock-events.js";
import type { AcquiringActions, HoldingActions } from "../../../src/machines/lock-port.js";

type Type = LockMachineEvent["type"];

const whileAcquiring: readonly Type[] = ["ABORT", "TIMED_OUT", "REFUSED"];

/** What is heeded, state by state; all else changes nothing. */
export const heeded: Readonly<Record<string, readonly Type[]>> = {
  '"idle"': ["ACQUIRE"],
  '{"acquiring":"queued"}': ["NEXT", ...whileAcquiring],
  '{"acquiring":"asking"}': ["GRANTED", "DENIED", "NO_QUORUM", "TOO_SLOW", ...whileAcquiring],
  '{"acquiring":"waiting"}': ["RETRY", ...whileAcquiring],
  '"held"': ["RENEW", "EXPIRED", "RELEASE", "HAND_OVER"],
  '{"renewing":"asking"}': ["RENEWED", "NO_QUORUM", "LOST", "EXPIRED", "RELEASE", "HAND_OVER"],
  '{"renewing":"retrying"}': ["RENEW", "LOST", "EXPIRED", "RELEASE", "HAND_OVER"],
  '"releasing"': ["RELEASED", "EXPIRED"],
  '"expired"': ["ACQUIRE"],
};

/**
 * What a lock is, apart from its chart: an acquisition, which has one attempt at a time and ends once, in a lease or
 * in a failure; then a lease, which ends once, released, lost or handed over.
 */
export class LockModel implements AcquiringActions, HoldingActions {
  /** Calls since the last event. */
  calls = 0;
  readonly violations: string[] = [];
  #event: LockMachineEvent | null = null;
  #acquisition: string | null = null;
  #attempts = 0;
  #asking = false;
  #lease = false;
  #renewing = false;
  #releasing = false;
  #remains = false;
  #armed = false;

  /** The event is about to be sent. */
  expect(event: LockMachineEvent, isHeeded: boolean): void {
    this.#event = event;
    this.calls = 0;
    if (!isHeeded) return;
    this.#armed = false;
    if (event.type !== "ACQUIRE") return;
    this.#acquisition = event.acquisition;
    this.#attempts = 0;
  }

  /** What must hold between two events. */
  check(state: string, substate: string, context: LockContext, isHeeded: boolean): void {
    const isAcquiring = state === "acquiring";
    const isHeld = ["held", "renewing", "releasing"].includes(state);
    this.#must("an acquisition is under way", (this.#acquisition !== null) === isAcquiring);
    this.#must("an attempt is under way", this.#asking === (isAcquiring && substate === "asking"));
    this.#must("there is a lease", this.#lease === isHeld);
    this.#must("a release is under way", this.#releasing === (state === "releasing"));
    this.#must("its validity is shown while there is a lease", (context.validUntil !== null) === isHeld);
    this.#must("attempts are counted", !isAcquiring || context.attempt === this.#attempts);
    if (isHeeded && isHeld && state !== "releasing") this.#must("its timer was set anew", this.#armed);
  }

  armWait(): void {
    this.#called("armWait", this.#acquisition !== null && this.#attempts === 0 && !this.#asking);
  }

  askForGrant(attempt: number): void {
    const isNext = attempt === this.#attempts + 1;
    this.#called("askForGrant", this.#acquisition !== null && !this.#asking && !this.#lease && isNext);
    this.#attempts = attempt;
    this.#asking = true;
  }

  abandonAttempt(): void {
    this.#called("abandonAttempt", this.#acquisition !== null);
    this.#asking = false;
  }

  scheduleRetry(event: LockMachineEvent, attempt: number): void {
    const isRefusal = "retryIn" in event && event.retryIn !== null;
    this.#told("scheduleRetry", event, isRefusal && !this.#asking && attempt === this.#attempts);
  }

  fail(event: LockMachineEvent): void {
    const mayRetry = "retryIn" in event && event.retryIn !== null;
    this.#told("fail", event, this.#acquisition !== null && !this.#asking && !mayRetry);
    this.#acquisition = null;
  }

  begin(event: LockMachineEvent): void {
    this.#told("begin", event, event.type === "GRANTED" && this.#asking && !this.#lease);
    this.#acquisition = null;
    this.#asking = false;
    this.#lease = true;
  }

  armTimer(): void {
    this.#called("armTimer", this.#lease && !this.#releasing);
    this.#armed = true;
  }

  askForRenewal(): void {
    this.#called("askForRenewal", this.#lease && !this.#renewing && !this.#releasing);
    this.#renewing = true;
  }

  prolong(event: LockMachineEvent): void {
    this.#told("prolong", event, event.type === "RENEWED" && this.#lease && this.#renewing);
    this.#renewing = false;
  }

  reportQuorumLost(event: LockMachineEvent): void {
    this.#told("reportQuorumLost", event, event.type === "NO_QUORUM" && this.#lease && this.#renewing);
    this.#renewing = false;
  }

  askForRelease(): void {
    this.#called("askForRelease", this.#lease && !this.#releasing);
    this.#releasing = true;
  }

  finishRelease(event: LockMachineEvent): void {
    this.#told("finishRelease", event, event.type === "RELEASED" && this.#releasing);
    this.#end();
  }

  releaseRemains(): void {
    this.#called("releaseRemains", this.#lease && !this.#remains);
    this.#remains = true;
  }

  lose(event: LockMachineEvent): void {
    // Nobody is told before what is left was given back: the job may take long, and throw.
    this.#told("lose", event, "validUntil" in event && this.#lease && this.#remains);
    this.#end();
  }

  endWithoutRelease(): void {
    this.#called("endWithoutRelease", this.#lease && !this.#releasing);
    this.#end();
  }

  #end(): void {
    this.#lease = false;
    this.#renewing = false;
    this.#releasing = false;
    this.#remains = false;
  }

  #called(name: string, isLegal: boolean): void {
    this.calls++;
    this.#must(`${name} may be called`, isLegal);
  }

  /** What is handed on is what came. */
  #told(name: string, event: LockMachineEvent, isLegal: boolean): void {
    this.#called(name, isLegal && event === this.#event);
  }

  #must(what: string, holds: boolean): void {
    if (!holds) this.violations.push(`${this.#event?.type ?? "at the start"}: ${what}`);
  }
}
