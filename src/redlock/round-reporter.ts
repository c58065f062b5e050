import type { Vote } from "../engine/protocol/vote.js";
import type { RoundResult } from "../engine/quorum/round.js";
import type { LeaseState } from "../lock/lease-state.js";
import type { RoundObserver } from "../lock/settings.js";
import { currentContext } from "../support/platform.js";
import { errorOf, typeErrorOf } from "./errors.js";
import type { ErrorListener, Operation } from "./operation.js";

const none: readonly Operation[] = [];

/** Reports every round of one lock to the operations that wait for it. */
export class RoundReporter implements RoundObserver {
  private operations: readonly Operation[];
  private readonly errorListener: ErrorListener;
  /** Made in the asynchronous context of the call. */
  private readonly caller = currentContext();
  private readonly keys: number;

  /** `operation`: the call that acquires the lock. */
  constructor(
    operation: Operation,
    private readonly onEnd: (leaseState: LeaseState) => void,
    /** Whether errors are withheld for now. */
    public muted = false,
  ) {
    this.operations = [operation];
    this.errorListener = operation.errorListener;
    this.keys = operation.keys;
  }

  /** Adds an operation: it records the rounds until `end`. */
  begin(operation: Operation): void {
    this.operations = this.operations.length === 0 ? [operation] : [...this.operations, operation];
  }

  end(operation: Operation): void {
    const isOnly = this.operations.length === 1 && this.operations[0] === operation;
    this.operations = isOnly ? none : this.operations.filter((one) => one !== operation);
  }

  round(kind: "acquire" | "renew" | "release", result: RoundResult): void {
    for (const operation of this.operations) operation.note(result);
    if (this.muted || !this.errorListener.enabled()) return;
    const { votes, ballot } = result;
    // A missing key is not a failure when the lock is released.
    const denials = this.errorListener.denials && kind !== "release";
    const reads = kind !== "acquire" || this.errorListener.readsFirst;
    const report = (some: readonly Vote[]) => {
      for (const vote of some) {
        const typeError = reads ? typeErrorOf(vote) : null;
        if (vote.kind === "denied" && !denials && typeError === null) continue;
        if (vote.kind === "failed" && vote.reason === "notAsked") continue;
        const error = typeError ?? errorOf(vote, this.keys);
        if (error !== null) this.caller.runInAsyncScope(this.errorListener.error, this.errorListener, error);
      }
    };
    // Asynchronous, because the chart is in the middle of a transition.
    void Promise.resolve(votes).then(report);
    void ballot.everyVote().then((all) => report(all.slice(votes.length)));
  }

  over(leaseState: LeaseState): void {
    this.onEnd(leaseState);
  }
}
