import { votesAgain } from "../../../support/votes-again.js";

/** Why a node is waited for. `notHealed`: it votes, and lacks locks that the other nodes hold. */
type Why = "unreachable" | "noMemory" | "quarantined" | "notHealed";

/** What keeps a node from being used as before. */
export interface Obstacle {
  readonly why: Why;
  /** In words. */
  readonly cause: string;
  /** ms until the node votes again; null if that is not known, or if the node votes. */
  readonly left: number | null;
}

export const describeObstacle = ({ cause, left }: Obstacle): string =>
  left === null ? cause : `${cause}; it ${votesAgain(left)}`;
