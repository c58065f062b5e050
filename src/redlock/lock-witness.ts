import type { RoundResult } from "../engine/round.js";
import type { Vote } from "../engine/vote.js";
import type { Hold } from "../manager/hold.js";
import type { Witness } from "../manager/settings.js";
import { errorOf } from "./errors.js";
import type { Operation } from "./operation.js";

/** Who is told what nodes say against a lock. */
export interface Audience {
  /** Whether anybody listens. */
  hears(): boolean;
  tell(error: Error): void;
  /** Whether a denial is told too, or failures alone. */
  readonly denials: boolean;
}

/** Hears every round of one lock, by whichever operation it was asked. */
export class LockWitness implements Witness {
  readonly #operations = new Set<Operation>();

  constructor(
    private readonly audience: Audience,
    private readonly keys: number,
    private readonly onOver: (hold: Hold) => void,
  ) {}

  /** Runs the operation, which is told of the rounds meanwhile. */
  async during<T>(operation: Operation, run: () => Promise<T>): Promise<T> {
    this.#operations.add(operation);
    try {
      return await run();
    } finally {
      this.#operations.delete(operation);
    }
  }

  round(kind: "acquire" | "renew" | "release", result: RoundResult): void {
    for (const operation of this.#operations) operation.note(result);
    if (!this.audience.hears()) return;
    const { votes, ballot } = result;
    // That a key is gone when it is released is nobody's failure.
    const denials = this.audience.denials && kind !== "release";
    const tell = (some: readonly Vote[]) => {
      for (const vote of some) {
        const error = vote.kind === "denied" && !denials ? null : errorOf(vote, this.keys);
        if (error !== null) this.audience.tell(error);
      }
    };
    // Not at once: the chart is in the middle of a step.
    void Promise.resolve(votes).then(tell);
    void ballot.everyVote().then((all) => tell(all.slice(votes.length)));
  }

  over(hold: Hold): void {
    this.onOver(hold);
  }
}
