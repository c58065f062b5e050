import type { Vote } from "../engine/protocol/vote.js";

/** How a lease was lost that a majority denies: somebody else has it there, or nobody. */
export const lossIn = (votes: readonly Vote[]): "taken" | "missing" =>
  votes.some((vote) => vote.kind === "denied" && vote.holder !== null) ? "taken" : "missing";
