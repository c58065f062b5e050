import { plain } from "../../../../src/cli/plain.js";
import type { NodeView } from "../../../../src/inspector/feed/frames.js";
import { Chart } from "../frame/chart.js";
import { formatLatency } from "../model/duration.js";
import { nodeStatus } from "../model/node-status.js";

/** `now`: epoch ms by the clock of the process that reports the node. */
export function NodeCard({ node, now }: { readonly node: NodeView; readonly now: number }) {
  return (
    <article class="node-card" data-node-state={node.state} aria-label={`Node ${plain(node.name)}`}>
      <header>
        <h3>{plain(node.name)}</h3>
        <span class="node-state">
          <span class="dot" aria-hidden="true" />
          {nodeStatus(node, now)}
        </span>
      </header>
      <dl class="facts">
        <div>
          <dt>latency p50</dt>
          <dd>{formatLatency(node.p50)}</dd>
        </div>
        <div>
          <dt>p99</dt>
          <dd>{formatLatency(node.p99)}</dd>
        </div>
      </dl>
      {node.cause !== null && <p class="cause">{plain(node.cause)}</p>}
      <Chart
        name="node"
        state={node.state}
        moved={node.step}
        label={`The node's chart; it is ${node.state}`}
      />
    </article>
  );
}
