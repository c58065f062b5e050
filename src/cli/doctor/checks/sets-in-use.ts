import { describeSet } from "../../../engine/protocol/mismatch.js";
import {
  currentOf,
  excludeEachOther,
  isJoint,
  type SetUse,
  setInUse,
  setLapse,
  sizesOf,
} from "../../../engine/protocol/set-record.js";
import { formatDuration } from "../../duration.js";
import type { Reached, SetCheck } from "../facts.js";
import { type Finding, note, ok } from "../finding.js";
import { list } from "../words.js";
import { type Recorded, reportConflicts } from "./conflicting-sets.js";
import { reportOtherList } from "./other-node-list.js";
import { hasQuorum } from "./set.js";

/** Fences are about the time in µs. Nodes that differ by at most this much are being told of fences that are just given. */
const fenceMargin = 1_000_000;

/** Which sets of nodes use these nodes, and whether two of them could grant the same lock. */
export const checkSetsInUse: SetCheck = (all, standards) => {
  const recorded = all.flatMap((facts) => (facts.reached ? [{ facts, uses: usesOf(facts) }] : []));
  const conflict = reportConflicts(recorded, all.slice(0, standards.nodes));
  if (conflict?.severity === "warning") return [conflict];
  const restarts = conflict === null ? [] : [conflict];
  const uses = recorded.flatMap((one) => one.uses);
  const joint = uses.find(({ sets }) => isJoint(sets));
  if (joint !== undefined) return [...restarts, progressOf(joint.sets, recorded, hasQuorum(all, standards))];
  const otherList = reportOtherList(recorded, all, standards);
  if (otherList !== null) return [...restarts, otherList];
  const sizes = [...new Set(uses.map(({ sets }) => describeSet(sets)))];
  return sizes.length === 0
    ? []
    : [...restarts, ok("sets", `in use by processes with ${list(sizes)}`, sizes)];
};

const usesOf = ({ sets }: Reached): SetUse[] =>
  sets.ok ? sets.value.filter(({ age }) => age < setLapse) : [];

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
