import { describeSet, mismatchReason } from "../../../engine/protocol/mismatch.js";
import {
  currentOf,
  excludeEachOther,
  groupOf,
  haveSameGroup,
  haveSameSize,
  isJoint,
  type SetUse,
  setInUse,
  setLapse,
  sizesOf,
} from "../../../engine/protocol/set-record.js";
import { formatDuration } from "../../duration.js";
import type { Reached, SetCheck } from "../facts.js";
import { type Finding, note, ok, warning } from "../finding.js";
import { list } from "../words.js";
import { hasQuorum } from "./set.js";

/** Fences are about the time in µs. Nodes that differ by at most this much are being told of fences that are just given. */
const fenceMargin = 1_000_000;

/** One node, and the sets that use it. */
interface Recorded {
  readonly facts: Reached;
  readonly uses: readonly SetUse[];
}

/** Which sets of nodes use these nodes, and whether two of them could grant the same lock. */
export const checkSetsInUse: SetCheck = (all, standards) => {
  const recorded = all.flatMap((facts) => (facts.reached ? [{ facts, uses: usesOf(facts) }] : []));
  const conflicts = recorded.flatMap(({ facts, uses }) => conflictsOf(facts.node, uses));
  if (conflicts.length > 0) return conflicts;
  const uses = recorded.flatMap((one) => one.uses);
  const joint = uses.find(({ sets }) => isJoint(sets));
  if (joint !== undefined) return [progressOf(joint.sets, recorded, hasQuorum(all, standards))];
  const sizes = [...new Set(uses.map(({ sets }) => describeSet(sets)))];
  return sizes.length === 0 ? [] : [ok("sets", `in use by processes with ${list(sizes)}`, sizes)];
};

/** Whether a process may still use the set. */
const isInUse = ({ age }: SetUse): boolean => age < setInUse;

const usesOf = ({ sets }: Reached): SetUse[] =>
  sets.ok ? sets.value.filter(({ age }) => age < setLapse) : [];

/**
 * Pairs of sets on one node that could grant the same lock. Of two sets that a joint set links, the one may follow the other;
 * a set of the same size may be the same set before a restart of a node. Both must not be in use.
 */
function conflictsOf(node: string, uses: readonly SetUse[]): Finding[] {
  const areLinked = (...pair: SetUse[]) =>
    uses.some(({ sets }) => isJoint(sets) && pair.every((use) => excludeEachOther(use.sets, sets)));
  const mayFollow = (one: SetUse, other: SetUse) =>
    haveSameSize(one.sets, other.sets) || areLinked(one, other);
  const conflicts = uses.flatMap((one, index) =>
    uses
      .slice(index + 1)
      .filter((other) => !excludeEachOther(one.sets, other.sets))
      .filter((other) => !mayFollow(one, other) || [one, other].every(isInUse))
      .map((other) => [one, other] as const),
  );
  return conflicts.map((pair) => {
    const reason = mismatchReason(pair[0].sets, pair[1].sets);
    const [one, other] = pair.map(({ sets, age }) => `${describeSet(sets)}, last ${formatDuration(age)} ago`);
    return warning({
      code: "sets",
      found: `${node} is used by a set of ${one}, and by a set of ${other}`,
      value: { node, sets: pair.map(jsonOf) },
      means: `${reason.charAt(0).toUpperCase()}${reason.slice(1)} (MEMBERSHIP_MISMATCH).`,
      advice: haveSameGroup(pair[0].sets, pair[1].sets) ? nodesAdvice : groupsAdvice,
    });
  });
}

function jsonOf({ sets, age }: SetUse) {
  const group = groupOf(sets);
  return { nodes: sizesOf(sets), age, ...(group === null ? {} : { group: group.name }) };
}

const groupsAdvice =
  "give all processes the same groups, with the same names, or in a list in the same order; docs/groups.md says how to change them";

const nodesAdvice =
  "if a node was restarted in the last minute, ask again; if the nodes were just changed, end the processes that were left out, or give those with the new nodes `previous` again; else give all processes the same nodes; to change them while processes run, first give the new ones as `nodes` and the old ones as `previous`";

/** How far a change of the nodes has come, and whether `previous` may be left out. */
function progressOf(joint: string, recorded: readonly Recorded[], quorum: boolean): Finding {
  const [to = 0, from = 0] = sizesOf(joint);
  const unknown = quorum ? [] : ["a quorum of the nodes cannot be asked"];
  const waits = [...unknown, ...oldSetsIn(recorded), ...missingFencesIn(recorded)];
  const found = `the nodes are being changed, from ${from} to ${to}`;
  const value = { from, to, ready: waits.length === 0, waits };
  if (waits.length === 0) return ok("sets", `${found}: \`previous\` may now be left out`, value);
  const means = `${list(waits)}: keep \`previous\` for now.`;
  return note({ code: "sets", found, value, means, advice: "ask again in a minute" });
}

/** Says that sets without the new nodes were in use so lately that they may still be in use. */
function oldSetsIn(recorded: readonly Recorded[]): string[] {
  const ages = recorded.flatMap(({ uses }) => {
    const joint = uses.filter(({ sets }) => isJoint(sets));
    const isOld = ({ sets }: SetUse) =>
      !isJoint(sets) && joint.some((one) => !excludeEachOther(sets, currentOf(one.sets)));
    return uses.flatMap((use) => (isOld(use) ? [use.age] : []));
  });
  const latest = Math.min(...ages);
  return latest < setInUse ? [`a process used the previous nodes alone ${formatDuration(latest)} ago`] : [];
}

/** Says which nodes do not know the highest fence; the processes with both sets pass it on. */
function missingFencesIn(recorded: readonly Recorded[]): string[] {
  const highest = Math.max(0, ...recorded.map(({ facts }) => facts.watermark ?? 0));
  const behind = recorded.filter(({ facts }) => (facts.watermark ?? 0) < highest - fenceMargin);
  if (behind.length === 0) return [];
  const nodes = behind.map(({ facts }) => facts.node);
  return [`${list(nodes)} ${nodes.length === 1 ? "does" : "do"} not know the highest fence yet`];
}
