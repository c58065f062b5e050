import { plain } from "../../../../src/cli/plain.js";
import type { SourceView } from "../../../../src/inspector/feed/frame-aggregate.js";
import { isSilent } from "../../../../src/inspector/feed/silence.js";
import { useInspector } from "../context.js";
import { Empty } from "../frame/empty.js";
import { hashOf } from "../model/route.js";
import { NodeCell } from "./node-cell.js";
import { NodeDetails } from "./node-details.js";
import { columnSummary, type NodeColumn } from "./node-table.js";

/** The nodes as each process sees them: one process may reach a node that another cannot reach. */
export function NodesPage() {
  const inspector = useInspector();
  const { sources } = inspector.aggregate.value.current;
  const route = inspector.route.value;
  const columns = inspector.nodeColumns.value;
  if (sources.size === 0) {
    return (
      <div class="nodes-page">
        <h1 class="visually-hidden">Nodes</h1>
        <Empty title="No process is known">
          <p>Nodes are shown as the processes that lock on them see them.</p>
        </Empty>
      </div>
    );
  }
  const open = route.view === "nodes" && route.source !== undefined ? sources.get(route.source) : undefined;
  return (
    <div class="nodes-page">
      <h1>Nodes</h1>
      {columns.length > 2 && (
        <p class="muted scroll-hint">{columns.length} nodes: the table scrolls sideways.</p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable with the keyboard */}
      <section class="matrix-scroller" aria-label="Processes and nodes" tabIndex={0}>
        <table class="matrix">
          <thead>
            <tr>
              <th scope="col">Process</th>
              {columns.map((column) => (
                <ColumnHead key={column.name} column={column} />
              ))}
            </tr>
          </thead>
          <tbody>
            {[...sources.values()].map((view) => (
              <ProcessRow key={view.beat.source} view={view} columns={columns} />
            ))}
          </tbody>
        </table>
      </section>
      {open === undefined ? (
        <p class="muted">Choose a cell for its chart, the cause, since when, and the last steps.</p>
      ) : (
        route.view === "nodes" &&
        route.node !== undefined && (
          <NodeDetails key={`${route.source} ${route.node}`} view={open} name={route.node} />
        )
      )}
    </div>
  );
}

function ColumnHead({ column }: { readonly column: NodeColumn }) {
  return (
    <th scope="col" data-node-state={column.worst}>
      <span class="node-state">
        <span class="dot" aria-hidden="true" />
        <span class="node-name">{plain(column.name)}</span>
      </span>
      <span class="summary">{columnSummary(column)}</span>
    </th>
  );
}

interface RowProps {
  readonly view: SourceView;
  readonly columns: readonly NodeColumn[];
}

function ProcessRow({ view, columns }: RowProps) {
  const inspector = useInspector();
  const { beat, closed } = view;
  const { nodeActivities } = inspector.aggregate.value.current;
  const route = inspector.route.value;
  const silent = isSilent(view, inspector.heardAt.value);
  return (
    <tr data-closed={closed}>
      <th scope="row">
        <a href={hashOf({ view: "process", source: beat.source })}>
          {plain(beat.owner)} <span class="muted">{beat.pid}</span>
        </a>
        {beat.prefix !== "" && <span class="muted">prefix {plain(beat.prefix)}</span>}
        {closed && <span class="badge">closed</span>}
        {silent && <span class="badge warn">silent</span>}
        {beat.missed > 0 && (
          <span class="badge" title="Steps that were not reported individually because of the rate limit">
            {beat.missed.toLocaleString("en")} steps not reported
          </span>
        )}
      </th>
      {columns.map(({ name }) => {
        const node = beat.nodes.find((one) => one.name === name);
        return (
          <td key={name}>
            {node === undefined ? (
              <span class="muted">–</span>
            ) : (
              <NodeCell
                source={beat.source}
                node={node}
                all={beat.nodes}
                activity={nodeActivities.of(beat.source, name)}
                now={inspector.sourceNow(beat.source)}
                silentSince={silent ? view.receivedAt : null}
                open={route.view === "nodes" && route.source === beat.source && route.node === name}
              />
            )}
          </td>
        );
      })}
    </tr>
  );
}
