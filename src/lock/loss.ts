import type { Vote } from "../engine/protocol/vote.js";

/** Returns why a lease was lost that too many nodes denied: another holder has the key ("taken"), or no holder ("missing"). */
export const lossReason = (votes: readonly Vote[]): "taken" | "missing" =>
  votes.some((vote) => vote.kind === "denied" && vote.holder !== null) ? "taken" : "missing";
