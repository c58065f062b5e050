import type { LockContext } from "../../../src/machines/lock-context.js";
import type { LockMachineEvent } from "../../../src/machines/lock-events.js";
import type { AcquiringActions, HoldingActions } from "../../../src/machines/lock-port.js";

type Type = LockMachineEvent["type"];

const whileAcquiring: readonly Type[] = ["ABORT", "TIMED_OUT", "REFUSED"];

/** The events that each state accepts. Any other event changes nothing. */
export const acceptedEvents: Readonly<Record<string, readonly Type[]>> = {
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
 * A model of a lock without a chart. An acquisition has one attempt at a time and ends once, in a lease or a failure.
 * A lease ends once: it is released, lost or handed over.
 */
export class LockModel implements AcquiringActions, HoldingActions {
  /** Number of calls since the last event. */
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

  /** Prepares for the next event. */
  expect(event: LockMachineEvent, isAccepted: boolean): void {
    this.#event = event;
    this.calls = 0;
    if (!isAccepted) return;
    this.#armed = false;
    if (event.type !== "ACQUIRE") return;
    this.#acquisition = event.acquisition;
    this.#attempts = 0;
  }

  /** Checks the invariants between two events. */
  check(state: string, substate: string, context: LockContext, isAccepted: boolean): void {
    const isAcquiring = state === "acquiring";
    const isHeld = ["held", "renewing", "releasing"].includes(state);
    this.must("an acquisition is under way", (this.#acquisition !== null) === isAcquiring);
    this.must("an attempt is under way", this.#asking === (isAcquiring && substate === "asking"));
    this.must("there is a lease", this.#lease === isHeld);
    this.must("a release is under way", this.#releasing === (state === "releasing"));
    const isRenewing = `${state}.${substate}` === "renewing.asking";
    this.must("a renewal is under way", this.#renewing === isRenewing || state === "releasing");
    this.must("its validity is shown while there is a lease", (context.validUntil !== null) === isHeld);
    this.must("attempts are counted", !isAcquiring || context.attempt === this.#attempts);
    if (isAccepted && isHeld && state !== "releasing") this.must("its timer was set again", this.#armed);
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
    this.#calledWithEvent("scheduleRetry", event, isRefusal && !this.#asking && attempt === this.#attempts);
  }

  fail(event: LockMachineEvent): void {
    const mayRetry = "retryIn" in event && event.retryIn !== null;
    this.#calledWithEvent("fail", event, this.#acquisition !== null && !this.#asking && !mayRetry);
    this.#acquisition = null;
  }

  begin(event: LockMachineEvent): void {
    this.#calledWithEvent("begin", event, event.type === "GRANTED" && this.#asking && !this.#lease);
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
    this.#calledWithEvent("prolong", event, event.type === "RENEWED" && this.#lease && this.#renewing);
    this.#renewing = false;
  }

  reportQuorumLost(event: LockMachineEvent): void {
    this.#calledWithEvent(
      "reportQuorumLost",
      event,
      event.type === "NO_QUORUM" && this.#lease && this.#renewing,
    );
    this.#renewing = false;
  }

  askForRelease(): void {
    this.#called("askForRelease", this.#lease && !this.#releasing);
    this.#releasing = true;
  }

  finishRelease(event: LockMachineEvent): void {
    this.#calledWithEvent("finishRelease", event, event.type === "RELEASED" && this.#releasing);
    this.#end();
  }

  releaseRemains(): void {
    this.#called("releaseRemains", this.#lease && !this.#remains);
    this.#remains = true;
  }

  lose(event: LockMachineEvent): void {
    // The remaining keys are released before the loss is reported, because a listener may be slow or throw.
    this.#calledWithEvent("lose", event, "validUntil" in event && this.#lease && this.#remains);
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
    this.must(`${name} may be called`, isLegal);
  }

  /** Records a call that must pass on the current event unchanged. */
  #calledWithEvent(name: string, event: LockMachineEvent, isLegal: boolean): void {
    this.#called(name, isLegal && event === this.#event);
  }

  protected must(what: string, holds: boolean): void {
    if (!holds) this.violations.push(`${this.#event?.type ?? "at the start"}: ${what}`);
  }

  protected get renewing(): boolean {
    return this.#renewing;
  }
}
