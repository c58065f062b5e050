import type { Vote } from "../engine/protocol/vote.js";
import type { RoundResult } from "../engine/quorum/round.js";
import type { LeaseState } from "../lock/lease-state.js";
import type { RoundObserver } from "../lock/settings.js";
import { errorOf } from "./errors.js";
import type { ErrorListener, Operation } from "./operation.js";

const none: readonly Operation[] = [];

/** Hears every round of one lock, by whichever operation it was asked. */
export class RoundReporter implements RoundObserver {
  private operations: readonly Operation[];
  private readonly errorListener: ErrorListener;
  private readonly keys: number;

  /** `operation`: the call by which the lock is acquired. */
  constructor(
    operation: Operation,
    private readonly onOver: (leaseState: LeaseState) => void,
    /** Whether nobody is told of its rounds, for now. */
    public quiet = false,
  ) {
    this.operations = [operation];
    this.errorListener = operation.errorListener;
    this.keys = operation.keys;
  }

  /** The operation is told of the rounds until it ends. */
  begin(operation: Operation): void {
    this.operations = this.operations.length === 0 ? [operation] : [...this.operations, operation];
  }

  end(operation: Operation): void {
    const alone = this.operations.length === 1 && this.operations[0] === operation;
    this.operations = alone ? none : this.operations.filter((one) => one !== operation);
  }

  round(kind: "acquire" | "renew" | "release", result: RoundResult): void {
    for (const operation of this.operations) operation.note(result);
    if (this.quiet || !this.errorListener.enabled()) return;
    const { votes, ballot } = result;
    // That a key is gone when it is released is nobody's failure.
    const denials = this.errorListener.denials && kind !== "release";
    const tell = (some: readonly Vote[]) => {
      for (const vote of some) {
        if (vote.kind === "denied" && !denials) continue;
        if (vote.kind === "failed" && vote.reason === "notAsked") continue;
        const error = errorOf(vote, this.keys);
        if (error !== null) this.errorListener.error(error);
      }
    };
    // Not at once: the chart is in the middle of a step.
    void Promise.resolve(votes).then(tell);
    void ballot.everyVote().then((all) => tell(all.slice(votes.length)));
  }

  over(leaseState: LeaseState): void {
    this.onOver(leaseState);
  }
}
