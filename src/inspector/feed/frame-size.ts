import type { LockView } from "./frames.js";

/** Approximate characters of a lock, and of a vote, besides their texts. */
const lockOverhead = 500;
const voteOverhead = 100;

/**
 * Approximate number of characters in a lock's view. A view that was received from another process may be a hundred
 * times the usual size.
 */
export function frameSizeOf({ resources, state, acquisition, reason, round }: LockView): number {
  let size = lockOverhead + state.length + (acquisition?.length ?? 0) + (reason?.length ?? 0);
  for (const resource of resources) size += resource.length;
  for (const { node, reason, message, holder } of round?.votes ?? []) {
    size += voteOverhead + node.length + (reason?.length ?? 0) + (message?.length ?? 0);
    size += holder?.owner?.length ?? 0;
  }
  return size;
}
