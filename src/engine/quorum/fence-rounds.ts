import type { LockCommand } from "../protocol/command.js";
import type { FenceSource } from "../protocol/fence.js";
import type { Membership } from "../protocol/membership.js";
import type { RoundResult } from "./round.js";

/**
 * Maximum number of further rounds to get a fence accepted. A node that refuses a fence keeps its basis of comparison as
 * the record of the resource, which no other client raises. So one round suffices; the others serve late nodes.
 */
const fenceRounds = 3;

interface FencedClaim {
  readonly membership: Membership;
  /** Asks all members. `isFirst`: with the command of the acquisition itself. */
  ask(command: LockCommand, decided: (result: RoundResult) => void, isFirst: boolean): void;
  /** The command that proposes a higher fence for the keys that were granted. */
  raise(fence: number): LockCommand;
}

/**
 * Asks with a fence, which a quorum must accept. If too many nodes have seen a higher one, the next round proposes a fence above
 * it.
 */
export function askForFence(
  command: LockCommand,
  fences: FenceSource,
  decided: (result: RoundResult) => void,
  claim: FencedClaim,
): void {
  const propose = (unfenced: LockCommand, fence: number, roundsLeft: number) => {
    const onDecided = (result: RoundResult) => {
      if (result.verdict !== "granted") return decided(result);
      const answers = result.votes.flatMap((vote) =>
        vote.kind === "granted" && vote.fence ? [{ node: vote.node, ...vote.fence }] : [],
      );
      const accepted = answers.flatMap((answer) => (answer.accepted ? [answer.node] : []));
      if (claim.membership.isQuorumOf(accepted)) return decided({ ...result, fence });
      if (roundsLeft === 0) return decided({ ...result, verdict: "noQuorum" });
      const higher = fences.raise(answers.map(({ highest }) => highest));
      propose(claim.raise(higher), higher, roundsLeft - 1);
    };
    claim.ask({ ...unfenced, fence } as LockCommand, onDecided, unfenced === command);
  };
  propose(command, fences.propose(), fenceRounds);
}
