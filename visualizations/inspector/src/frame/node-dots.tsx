import { plain } from "../../../../src/cli/plain.js";
import { useInspector } from "../context.js";
import { hashOf } from "../model/route.js";
import { isTrouble } from "../nodes/node-table.js";
import { useNames } from "../nodes/use-names.js";

/** Maximum number of dots; of more nodes only those in trouble are drawn. */
const maxDots = 12;

/** One dot for each node, with the worst state that any process reports; leads to the nodes. */
export function NodeDots() {
  const columns = useInspector().nodeColumns.value;
  if (columns.length === 0) return null;
  const troubled = columns.filter(({ worst }) => isTrouble(worst));
  const shown = columns.length > maxDots ? troubled.slice(0, maxDots) : columns;
  const label = columns.every(({ worst }) => worst === "unknown")
    ? "no process is heard"
    : troubled.length === 0
      ? `All ${columns.length} nodes are in use`
      : `${troubled.length} in trouble (${troubled.map(({ name, worst }) => `${plain(name)}: ${useNames[worst]}`).join(", ")})`;
  return (
    <a class="node-dots" href={hashOf({ view: "nodes" })} aria-label={`Nodes: ${label}`} title={label}>
      {shown.map(({ name, worst }) => (
        <span key={name} class="dot" data-node-state={worst} aria-hidden="true" />
      ))}
      {troubled.length > 0 && <b aria-hidden="true">{troubled.length}</b>}
    </a>
  );
}
