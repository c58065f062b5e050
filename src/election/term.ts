import type { Instant } from "../engine/time/clock.js";
import { type DeposedReason, TermEndedError } from "../errors.js";
import type { LeaseState } from "../lock/lease-state.js";
import type { Lock } from "../lock/lock.js";
import { Printed } from "../support/printed.js";
import type { FencedTerm } from "./types.js";

/** One term of a candidate: its lease, its signal, and the code that runs under it. */
export class ElectionTerm extends Printed implements FencedTerm {
  readonly #controller = new AbortController();
  readonly #lock: Lock;
  readonly #leaseState: LeaseState;
  readonly #onResign: () => void;
  #running = false;
  readonly #onSettled: (() => void)[] = [];
  #reason: DeposedReason | null = null;

  constructor(
    readonly number: number,
    lock: Lock,
    leaseState: LeaseState,
    onResign: () => void,
  ) {
    super();
    this.#lock = lock;
    this.#leaseState = leaseState;
    this.#onResign = onResign;
  }

  get since(): number {
    return this.#leaseState.grant.at.wall;
  }

  get validUntil(): number {
    return this.#leaseState.validUntil;
  }

  get signal(): AbortSignal {
    this.#leaseState.watched = true;
    return this.#controller.signal;
  }

  /** Undefined without `fence: true`. The public types show the property only with `fence: true`. */
  get fence(): number {
    return this.#leaseState.grant.fence as number;
  }

  remaining(): number {
    this.#leaseState.watched = true;
    return this.left();
  }

  assertLeading(): void {
    if (this.remaining() === 0) throw this.endedBy(this.#reason ?? "deadline");
  }

  resign(): void {
    this.#onResign();
  }

  toJSON(): object {
    const { number, since, validUntil, fence } = this;
    return { number, since, validUntil, fence, remaining: this.left() };
  }

  // Called by the candidate.

  /** Like `remaining`, without counting as a question of the code of the term. */
  left(): number {
    return this.#lock.checkHeld(this.#leaseState) ? Math.max(0, this.#leaseState.left()) : 0;
  }

  /** Whether the code of the term asks whether it leads, or has the signal. */
  get watched(): boolean {
    return this.#leaseState.watched;
  }

  /** Whether the code of the term was asked to stop. */
  get stopped(): boolean {
    return this.#controller.signal.aborted;
  }

  /** The time just before the first request of the round that granted the lease. */
  get began(): Instant {
    return this.#leaseState.grant.at;
  }

  /** Whether the code of the term runs. */
  get running(): boolean {
    return this.#running;
  }

  /** Runs the code of the term. `onFailed` gets what the code throws or rejects with, unless that is only its abort. */
  async run(work: (term: FencedTerm) => unknown, onFailed: (error: unknown) => void): Promise<void> {
    this.#running = true;
    try {
      await work(this);
    } catch (error) {
      if (!this.#isAbort(error)) onFailed(error);
    }
    this.#running = false;
    for (const call of this.#onSettled.splice(0)) call();
  }

  /** Calls back once the code of the term has ended. */
  whenSettled(callback: () => void): void {
    if (this.#running) this.#onSettled.push(callback);
    else callback();
  }

  /** Asks the code of the term to stop. The reason of a loss replaces that of a resignation. */
  stop(reason: DeposedReason): void {
    this.#reason = reason;
    this.#controller.abort(this.endedBy(reason));
  }

  endedBy(reason: DeposedReason): TermEndedError {
    return new TermEndedError(this.#lock.resources[0] as string, this.number, reason);
  }

  release(): Promise<unknown> {
    return this.#lock.release(this.#leaseState);
  }

  /** Whether the code of the term only passes on that its signal has aborted. */
  #isAbort(error: unknown): boolean {
    const { aborted, reason } = this.#controller.signal;
    if (!aborted) return false;
    return error === reason || (error instanceof Error && error.name === "AbortError");
  }
}
