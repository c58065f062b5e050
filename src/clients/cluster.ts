import type { Replacement } from "../engine/node/lock-node.js";
import { messageOf } from "../engine/protocol/error-message.js";
import { slotOf } from "../engine/protocol/hash-slot.js";
import { systemRandom } from "../engine/time/random.js";
import type { ReplacementCause } from "./replacement.js";
import type { ScriptConnection } from "./script-client.js";

/** Whether all keys share a hash slot, so that one command can name them all. */
export const sameSlot = (keys: readonly string[]): boolean => {
  const slot = keys[0] === undefined ? -1 : slotOf(keys[0]);
  return keys.every((key) => slotOf(key) === slot);
};

/** The address in a server's redirection: "MOVED 3999 127.0.0.1:6381". */
export const redirectAddress = (thrown: unknown): string => messageOf(thrown).split(" ")[2] ?? "";

/** Splits "host:port"; null if the host is missing, because a server that does not know its host name omits it. */
export function addressParts(address: string): { readonly host: string; readonly port: number } | null {
  const colon = address.lastIndexOf(":");
  return colon < 1 ? null : { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

/**
 * Returns a function that picks members in rotation, starting at a random one. Prefers available members, if there are
 * any.
 */
export function rotation<Member>(isAvailable: (member: Member) => boolean) {
  let index = Math.floor(systemRandom.fraction() * 16_384);
  return (members: readonly Member[]): Member | undefined => {
    const available = members.filter(isAvailable);
    const pool = available.length === 0 ? members : available;
    index += 1;
    return pool[index % pool.length];
  };
}

/**
 * Replaces the connections of a Cluster that are not ready or have unanswered calls: these are the unresponsive ones.
 * The other connections serve the slots of other masters and stay open.
 */
export function replaceUnresponsive(
  connections: readonly ScriptConnection[],
  cause: ReplacementCause,
): Replacement {
  const unresponsive = connections.filter(({ ready, unanswered }) => !ready || (unanswered ?? 0) > 0);
  const outcomes = unresponsive.map((connection) => connection.replace?.(cause) ?? "impossible");
  for (const outcome of ["replacing", "busy", "impossible"] as const) {
    if (outcomes.includes(outcome)) return outcome;
  }
  // No connection is unresponsive any more, or the unresponsive one is gone: there is nothing to replace at present.
  return "tooSoon";
}
