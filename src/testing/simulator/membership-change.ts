import { quorumOf } from "../../engine/protocol/quorum.js";
import type { FaultMix } from "./fault-mix.js";
import type { SeededRandom } from "./seeded-random.js";

/** A change of the nodes by the procedure: processes with the old set, then with both, then with the new set. */
export interface MembershipChange {
  /** The indices of the nodes of the old set, and of the new one. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** True time in ms from which processes start with both sets. */
  readonly jointFrom: number;
  /** True time in ms at which the last process with the old set is killed. */
  readonly oldUntil: number;
  /** True time in ms from which processes may start with the new set alone: every lease of the old set is over. */
  readonly newFrom: number;
  /** True time in ms from which the processes with both sets are killed, once others may start with the new set alone. */
  readonly jointUntil: number;
}

/** Which sets a process uses. */
export type Stage = "old" | "joint" | "new";

type ChangedSets = Pick<MembershipChange, "before" | "after">;

/** The changes that operators make. */
const changes: [ChangedSets, ...ChangedSets[]] = [
  { before: [0], after: [0, 1, 2] },
  { before: [0, 1, 2], after: [0, 1, 2, 3, 4] },
  { before: [0, 1, 2, 3, 4], after: [0, 1, 2] },
  { before: [0, 1, 2], after: [0, 1, 3] },
  { before: [0], after: [1] },
  { before: [0, 1, 2], after: [3, 4, 5] },
];

export const pickChange = (random: SeededRandom): ChangedSets => random.pick(changes);

/** How many nodes there are in both sets together. */
export const sizeOf = ({ before, after }: ChangedSets): number => Math.max(...before, ...after) + 1;

/** Plans when the processes change over. A lease lasts at most `maxTtl` ms after its process has ended. */
export function planChange({ random, end }: FaultMix, sets: ChangedSets, maxTtl: number): MembershipChange {
  const jointFrom = end * random.between(0.1, 0.25);
  const oldUntil = jointFrom + end * random.between(0.05, 0.25);
  const newFrom = oldUntil + maxTtl;
  return { ...sets, jointFrom, oldUntil, newFrom, jointUntil: newFrom + end * random.between(0.05, 0.25) };
}

/** The stage of a process that starts at this true time. `ready`: whether the new set may be used alone. */
export const stageAt = ({ jointFrom }: MembershipChange, time: number, ready: boolean): Stage =>
  time < jointFrom ? "old" : ready ? "new" : "joint";

/**
 * Whether the new set may be used alone as far as fences are concerned, as `holdfast doctor` shows: each of its quorums has a
 * node that knows the highest fence of the old set. `watermarks`: null for a node that does not answer.
 */
export function sharesFences(
  { before, after }: MembershipChange,
  watermarks: readonly (number | null)[],
): boolean {
  const known = before.map((node) => watermarks[node] ?? null);
  if (known.includes(null)) return false;
  const highest = Math.max(...known.map(Number));
  const informed = after.filter((node) => (watermarks[node] ?? -1) >= highest);
  return informed.length > after.length - quorumOf(after.length);
}

/** The nodes and the previous nodes of a process in this stage, as indices. */
export function nodesOf({ before, after }: MembershipChange, stage: Stage) {
  if (stage === "joint") return { nodes: after, previous: before };
  return { nodes: stage === "old" ? before : after, previous: null };
}
