import { plain } from "../../../../src/cli/plain.js";
import { useInspector } from "../context.js";
import { Empty } from "../frame/empty.js";
import { isSilent } from "../model/silence.js";
import { NodeCard } from "./node-card.js";

/** The nodes as each process sees them: one process may reach a node that another cannot reach. */
export function NodesPage() {
  const inspector = useInspector();
  const sources = [...inspector.aggregate.value.current.sources.values()];
  if (sources.length === 0) {
    return (
      <Empty title="No process is known">
        <p>Nodes are shown as the processes that lock on them see them.</p>
      </Empty>
    );
  }
  return (
    <div class="nodes-page">
      {sources.map((source) => {
        const { beat, closed } = source;
        const owner = plain(beat.owner);
        return (
          <section key={beat.source} aria-label={`Nodes of ${owner}, process ${beat.pid}`}>
            <h2 class="process-head">
              {owner} <span class="muted">process {beat.pid}</span>
              {beat.prefix !== "" && <span class="muted">prefix {plain(beat.prefix)}</span>}
              {closed && <span class="badge">closed</span>}
              {isSilent(source, inspector.now.value) && <span class="badge warn">silent</span>}
              {beat.missed > 0 && (
                <span
                  class="badge"
                  title="Steps that were not reported individually because of the rate limit"
                >
                  {beat.missed.toLocaleString("en")} steps not reported
                </span>
              )}
            </h2>
            <div class="node-cards">
              {beat.nodes.map((node) => (
                <NodeCard key={node.name} node={node} now={inspector.sourceNow(beat.source)} />
              ))}
            </div>
          </section>
        );
      })}
    </div>
  );
}
