import { canReachQuorum } from "./quorum.js";
import type { Vote } from "./vote.js";

const doctor = "`holdfast doctor`";

/** What to do about nodes that are not connected, or that refuse for a reason that does not end by itself; or nothing. */
export function adviceOn(votes: readonly Vote[], nodes: number): string {
  const failures = votes.filter((vote) => vote.kind === "failed");
  if (!failures.some(({ reason, lasting }) => lasting === true || reason === "notReady")) return "";
  const advice = canReachQuorum(votes, nodes) ? [] : ["waiting does not help"];
  if (!failures.some(({ message }) => message.includes(doctor))) advice.push(`${doctor} examines the nodes`);
  return advice.length === 0 ? "" : `: ${advice.join("; ")}`;
}
