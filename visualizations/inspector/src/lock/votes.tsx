import { plain } from "../../../../src/cli/plain.js";
import type { LockView } from "../../../../src/inspector/feed/frames.js";
import { useInspector } from "../context.js";
import { formatClock } from "../model/duration.js";
import { type NodeVote, votesByNode } from "../model/votes.js";

const labels: Record<NodeVote["kind"], string> = {
  granted: "granted",
  denied: "denied",
  failed: "failed",
  none: "no vote",
};
const signs: Record<NodeVote["kind"], string> = { granted: "✓", denied: "✕", failed: "!", none: "·" };

/** How each node voted in the latest round. */
export function Votes({ lock }: { readonly lock: LockView }) {
  const { aggregate } = useInspector();
  const nodes = aggregate.value.current.sources.get(lock.source)?.beat.nodes ?? [];
  const votes = votesByNode(
    lock.round,
    nodes.map(({ name }) => name),
  );
  if (lock.round === null) return <p class="muted">No round of votes has been observed yet.</p>;
  const quorum = Math.floor(votes.length / 2) + 1;
  return (
    <>
      <p class="muted">
        asked to <b>{lock.round.asked}</b> at {formatClock(lock.round.time)}; a quorum is {quorum} of{" "}
        {votes.length}
      </p>
      <ul class="votes">
        {votes.map(({ node, kind, detail }) => (
          <li key={node} data-vote={kind}>
            <span class="vote-sign" aria-hidden="true">
              {signs[kind]}
            </span>
            <span class="vote-node">{plain(node)}</span>
            <span class="vote-kind">{labels[kind]}</span>
            {detail !== "" && <span class="vote-detail">{detail}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
