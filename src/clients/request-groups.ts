import type { Request } from "../engine/node/lock-node.js";
import type { LockCommand } from "../engine/protocol/command.js";
import { failed } from "../engine/protocol/refusal.js";

/** Commands in one call; more are split, so that no call keeps the server busy for long. */
const commandsPerCall = 500;
/** Characters of keys and tokens in one call. */
const charactersPerCall = 256 * 1024;
/**
 * A server rejects the whole call with these codes and without effect, although only one of its commands may be the
 * cause.
 */
export const splittable = new Set(["NOPERM", "CROSSSLOT", "TRYAGAIN", "ASK"]);
export const tooBig = /too big|too many|too long|invalid (multi)?bulk length/i;

const scattered = failed("refused", "CROSSSLOT the keys are in different hash slots of the Cluster");

interface Group {
  readonly requests: Request[];
  /** Characters of keys and tokens. */
  size: number;
}

/**
 * Groups requests into calls: bounded in size, and in a Cluster one hash slot per call. `slotOf` returns null if the keys do
 * not share a slot.
 */
export function groupRequests(
  requests: readonly Request[],
  slotOf: (keys: readonly string[]) => number | null,
): Request[][] {
  const open = new Map<number, Group>();
  const groups: Request[][] = [];
  for (const request of requests) {
    const slot = slotOf(request.command.keys);
    if (slot === null) {
      request.answered(scattered);
      continue;
    }
    const size = sizeOf(request.command);
    let group = open.get(slot);
    if (
      group === undefined ||
      group.requests.length === commandsPerCall ||
      group.size + size > charactersPerCall
    ) {
      group = { requests: [], size: 0 };
      open.set(slot, group);
      groups.push(group.requests);
    }
    group.requests.push(request);
    group.size += size;
  }
  return groups;
}

function sizeOf(command: LockCommand): number {
  let size = "token" in command ? command.token.length : 0;
  for (const key of command.keys) size += key.length;
  return size;
}
