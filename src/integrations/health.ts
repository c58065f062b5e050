import { managersOf } from "../api/managed-locks.js";
import type { Locks } from "../api/types.js";
import { probeKey } from "../engine/protocol/side-keys.js";
import type { Manager } from "../manager/manager.js";

/** Whether locks can be granted. With groups of nodes, this is about the first group that is down, or else the first. */
export interface LocksCondition {
  /** "up": a quorum of nodes votes. */
  readonly status: "up" | "down";
  /** The number of nodes. */
  readonly nodes: number;
  /** How many of them answer and vote: a node that lost its memory answers, and abstains for a time. */
  readonly voting: number;
  /** How many must. While the nodes are being changed, each of the two sets has its own quorum. */
  readonly quorum: number;
}

/** Asks every node of every group. Never rejects: closed locks are down. */
export async function healthOf(locks: Locks): Promise<LocksCondition> {
  const conditions = await Promise.all(managersOf(locks).map(conditionOf));
  return (conditions.find(({ status }) => status === "down") ?? conditions[0]) as LocksCondition;
}

async function conditionOf(manager: Manager): Promise<LocksCondition> {
  const { membership } = manager.context.engine;
  const nodes = await manager.inspectKeys(probeKey, [probeKey]).then(
    ([inspection]) => inspection?.nodes ?? [],
    () => [],
  );
  const votes = nodes.map(({ state, health }) => state !== "failed" && health !== "quarantined");
  return {
    status: membership.isQuorum((member) => votes[member] === true) ? "up" : "down",
    nodes: membership.names.length,
    voting: votes.filter(Boolean).length,
    quorum: membership.sets[0]?.quorum ?? 0,
  };
}
