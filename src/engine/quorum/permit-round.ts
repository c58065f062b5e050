import type { Answer } from "../protocol/vote.js";
import { decide, type Verdict } from "./decision.js";
import { decidePermits, grantedPermits, type PermitBallot } from "./permit-decision.js";
import { Round, type RoundContext, type RoundResult } from "./round.js";

/** A round about permits of a semaphore: each node grants some of them, and the votes are counted for each permit. */
export class PermitRound extends Round {
  private readonly ballots: PermitBallot[] = [];

  constructor(
    context: RoundContext,
    private readonly weight: number,
    /** The number of permits that the nodes are asked about. */
    private readonly number: number,
    timeout: number,
    decided: (result: RoundResult) => void,
    onAnswer: ConstructorParameters<typeof Round>[4],
  ) {
    super(context, timeout, decide, decided, onAnswer);
  }

  /** The permits that are granted, once the verdict is "granted". */
  get chosen(): readonly number[] {
    return grantedPermits(this.ballots, this.context.membership.sets).slice(0, this.weight);
  }

  protected override count(index: number, answer: Answer): void {
    const permits = answer.kind === "granted" ? (answer.permits ?? []) : [];
    this.ballots[index] = answer.kind === "failed" ? "failed" : { permits };
    super.count(index, answer);
  }

  protected override verdict(): Verdict | null {
    return decidePermits(this.ballots, this.context.membership.sets, this.weight, this.number);
  }
}
