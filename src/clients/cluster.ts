import calculateSlot from "cluster-key-slot";
import type { Replacement } from "../engine/node/lock-node.js";
import { systemRandom } from "../engine/time/random.js";
import { messageOf } from "./failure.js";
import type { ReplacementCause } from "./replacement.js";
import type { ScriptConnection } from "./script-client.js";

/** The hash slot of a key as it is stored, prefix included. */
export const slotOf = (key: string): number => calculateSlot(key);

/** Whether a Cluster keeps all of these keys on one server, so that one command can concern them all. */
export const sameSlot = (keys: readonly string[]): boolean => {
  const slot = keys[0] === undefined ? -1 : slotOf(keys[0]);
  return keys.every((key) => slotOf(key) === slot);
};

/** Where the server said the key is: "MOVED 3999 127.0.0.1:6381". */
export const redirectAddress = (thrown: unknown): string => messageOf(thrown).split(" ")[2] ?? "";

/** Null where it names no server: one that does not know its name leaves it out. */
export function addressParts(address: string): { readonly host: string; readonly port: number } | null {
  const colon = address.lastIndexOf(":");
  return colon < 1 ? null : { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}

/** Picks one member after the other, from any of them on: of those that seem to be there, if there are such. */
export function inTurn<Member>(isThere: (member: Member) => boolean) {
  let turn = Math.floor(systemRandom.fraction() * 16_384);
  return (members: readonly Member[]): Member | undefined => {
    const there = members.filter(isThere);
    const pool = there.length === 0 ? members : there;
    turn += 1;
    return pool[turn % pool.length];
  };
}

/**
 * Replaces those connections of a Cluster on which something is unanswered, or which are not ready: they are the silent
 * ones. The others serve the slots of other masters, and are left alone.
 */
export function replaceSilent(
  connections: readonly ScriptConnection[],
  cause: ReplacementCause,
): Replacement {
  const silent = connections.filter(({ ready, unanswered }) => !ready || (unanswered ?? 0) > 0);
  const outcomes = silent.map((connection) => connection.replace?.(cause) ?? "impossible");
  for (const outcome of ["replacing", "busy", "impossible"] as const) {
    if (outcomes.includes(outcome)) return outcome;
  }
  // None is silent any more, or the silent one is gone: there is nothing to replace at present.
  return "tooSoon";
}
