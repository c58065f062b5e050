import { formatDuration } from "../../support/duration.js";
import { count } from "../../support/names.js";
import { type SetUse, sizesOf } from "./set-record.js";

/** Another set of nodes that is in use on one of the nodes, and that could grant what this set grants. */
export interface OtherSet extends SetUse {
  /** The name of the node that has the record. */
  readonly node: string;
  /** The description of this manager's own set there. */
  readonly own: string;
}

/** "3 nodes", or "3 nodes (1 before)" while the nodes are being changed. */
export function describeSizes(description: string): string {
  const [current = 0, previous] = sizesOf(description);
  return `${count(current, "node")}${previous === undefined ? "" : ` (${previous} before)`}`;
}

export const mismatchMessage = ({ node, own, sets, age }: OtherSet): string =>
  `${node} is also used by a set of ${describeSizes(sets)}, last ${formatDuration(age)} ago, and this set has ${describeSizes(own)}: ` +
  "a quorum of the one need not share a node with a quorum of the other, so both may grant the same lock";

export const mismatchAdvice =
  "Give all processes the same nodes. To change them while processes run, first give every process the new `nodes` with the " +
  "old ones as `previous`, and leave `previous` out when no process has only the old ones. `holdfast doctor` shows the sets. " +
  'If the other set has locks of its own, give it a `prefix` of its own, or set `otherSets` to "allow".';
