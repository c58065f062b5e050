import type { NodeView } from "../../../../src/inspector/feed/frames.js";
import { votesAgain } from "../../../../src/support/votes-again.js";

const labels: Record<NodeView["state"], string> = {
  connecting: "connecting",
  ready: "up",
  suspect: "suspect",
  unresponsive: "unresponsive",
  down: "down",
  quarantined: "quarantined",
};

/** A node's state in words. `now`: epoch ms by the clock of the process that reports the node. */
export function nodeStatus({ state, until }: Pick<NodeView, "state" | "until">, now: number): string {
  if (state !== "quarantined") return labels[state];
  return until === null ? "quarantined" : `quarantined, ${votesAgain(until - now)}`;
}
