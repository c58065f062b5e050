import type { LockView } from "./frames.js";

/** Characters, about, that stand around the texts of a lock, and of a vote. */
const ofLock = 500;
const ofVote = 100;

/** About how many characters a lock's view has. What is heard may be anybody's, and a hundred times the usual. */
export function frameSizeOf({ resources, state, acquisition, reason, round }: LockView): number {
  let weight = ofLock + state.length + (acquisition?.length ?? 0) + (reason?.length ?? 0);
  for (const resource of resources) weight += resource.length;
  for (const { node, reason, message, holder } of round?.votes ?? []) {
    weight += ofVote + node.length + (reason?.length ?? 0) + (message?.length ?? 0);
    weight += holder?.owner?.length ?? 0;
  }
  return weight;
}
