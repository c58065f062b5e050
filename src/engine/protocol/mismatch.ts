import { formatDuration } from "../../support/duration.js";
import { count } from "../../support/names.js";
import { differingGroup, groupOf, haveSameGroup, type SetUse, sizesOf } from "./set-record.js";

/** Another set of nodes that is in use on one of the nodes, and that could grant what this set grants. */
export interface OtherSet extends SetUse {
  /** The name of the node that has the record. */
  readonly node: string;
  /** The description of this manager's own set there. */
  readonly own: string;
}

/**
 * "3 nodes", or "3 nodes (1 before)" while the nodes are being changed; with groups, "3 nodes as group eu of the groups
 * 1f0c9a2b", where the last word tells the list of groups from others.
 */
export function describeSet(description: string): string {
  const [current = 0, previous] = sizesOf(description);
  const group = groupOf(description);
  const size = `${count(current, "node")}${previous === undefined ? "" : ` (${previous} before)`}`;
  return group === null ? size : `${size} as group ${group.name} of the groups ${group.list}`;
}

/** Why both sets may grant the same lock. */
export function mismatchReason(one: string, other: string): string {
  if (!haveSameGroup(one, other))
    return "with other groups, processes may ask different nodes for the same lock, so both may get it";
  const group = differingGroup(one, other);
  const where = group === null ? "" : `in group ${group}, they have different nodes, and `;
  return `${where}a quorum of the one need not share a node with a quorum of the other, so both may grant the same lock`;
}

export const mismatchMessage = ({ node, own, sets, age }: OtherSet): string =>
  `${node} is also used by a set of ${describeSet(sets)}, last ${formatDuration(age)} ago, and this set has ${describeSet(own)}: ` +
  mismatchReason(own, sets);

export const mismatchAdvice = ({ own, sets }: OtherSet): string =>
  haveSameGroup(own, sets) ? nodesAdvice : groupsAdvice;

const groupsAdvice =
  "Give all processes the same groups, with the same names, or in a list in the same order. `groups` cannot be changed while " +
  "processes run: stop all, wait for three minutes and for the longest ttl, and start them with the new groups. `holdfast " +
  'doctor` shows the sets. If the other set has locks of its own, give it a `prefix` of its own, or set `otherSets` to "allow".';

const nodesAdvice =
  "Give all processes the same nodes. To change them while processes run, first give every process the new `nodes` with the " +
  "old ones as `previous`, and leave `previous` out when no process has only the old ones. If one was left out, end it, or give " +
  "the others `previous` again. `holdfast doctor` shows the sets. " +
  'If the other set has locks of its own, give it a `prefix` of its own, or set `otherSets` to "allow".';
