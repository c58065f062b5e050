import type { Request } from "../engine/node/lock-node.js";
import { charactersIn, charactersPerCall, locksIn, locksPerCall } from "../engine/protocol/call-limits.js";
import { failed } from "../engine/protocol/refusal.js";

/**
 * A server rejects the whole call with these codes and without effect, although only one of its commands may be the
 * cause.
 */
export const splittable = new Set(["NOPERM", "CROSSSLOT", "TRYAGAIN", "ASK"]);
export const tooBig = /too big|too many|too long|invalid (multi)?bulk length/i;

const scattered = failed(
  "refused",
  "CROSSSLOT the keys are in different hash slots of the Cluster: put the same hash tag in each",
  true,
);

interface Group {
  readonly requests: Request[];
  locks: number;
  characters: number;
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
    const locks = locksIn(request.command);
    const characters = charactersIn(request.command);
    let group = open.get(slot);
    if (
      group === undefined ||
      group.locks + locks > locksPerCall ||
      group.characters + characters > charactersPerCall
    ) {
      group = { requests: [], locks: 0, characters: 0 };
      open.set(slot, group);
      groups.push(group.requests);
    }
    group.requests.push(request);
    group.locks += locks;
    group.characters += characters;
  }
  return groups;
}
