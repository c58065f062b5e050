import type { ProcessRun } from "./client.js";
import type { Disturbances } from "./disturbances.js";
import { byResource, merged, overlaps, type RecordedLease } from "./record.js";

/** Minimum lead in ms for one waiter to count as earlier than another: its request has reached the nodes by then. */
const head = 500;
/**
 * Limits for waiters that are overtaken. A waiter that does not claim its reservation within 50 ms is passed over, and
 * keeps its place. On a busy machine this happens to some waiters repeatedly; if it happens to most, there is no order.
 */
export const maxOvertakings = 20;
export const maxOvertakenShare = 0.3;
/** The minimum number of served waiters for which the share is checked. */
const enough = 50;

export interface Order {
  /** Leases of queued waiters that waited undisturbed. */
  readonly served: number;
  /** The number of these waiters that were served after a later waiter. */
  readonly overtaken: number;
  /** The maximum number of later waiters that were served first. */
  readonly most: number;
  readonly faults: readonly string[];
}

/** Checks that queued waiters are served in order. Only "line-…" resources have queued waiters exclusively. */
export function judgeOrder(
  leases: readonly RecordedLease[],
  runs: readonly ProcessRun[],
  servers: number,
  disturbances: Disturbances,
): Order {
  const everywhere = merged(
    Array.from({ length: servers }, (_, server) => disturbances.ofServer(server)).flat(),
  );
  const byId = new Map(
    runs.map((run) => [run.id, merged([...everywhere, ...disturbances.ofClient(run.client)])]),
  );
  let served = 0;
  let overtaken = 0;
  let most = 0;
  const faults: string[] = [];
  for (const some of byResource(leases.filter(({ resource }) => resource.startsWith("line-")))) {
    some.sort((a, b) => a.start - b.start);
    for (const [index, one] of some.entries()) {
      const wait = { from: one.asked, to: one.start };
      const hurt = byId.get(one.client);
      if (hurt === undefined || hurt.some((span) => overlaps(span, wait))) continue;
      served += 1;
      let times = 0;
      for (let before = index - 1; before >= 0; before -= 1) {
        const other = some[before] as RecordedLease;
        if (other.start < one.asked) break;
        if (other.asked > one.asked + head) times += 1;
      }
      if (times === 0) continue;
      overtaken += 1;
      most = Math.max(most, times);
      if (times > maxOvertakings) {
        faults.push(`${one.id} waited for ${one.resource} while ${times} later waiters were served`);
      }
    }
  }
  if (served >= enough && overtaken > maxOvertakenShare * served) {
    faults.push(`${overtaken} of ${served} queued waiters were served after a later waiter`);
  }
  return { served, overtaken, most, faults };
}
