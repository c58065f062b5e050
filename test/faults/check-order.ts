import type { Disturbances, Life } from "./disturbances.js";
import { byResource, merged, overlaps, type WitnessedLease } from "./record.js";

/** ms that one must have come before another to be served before it: its question has reached the nodes by then. */
const head = 500;
/**
 * Who does not come within 50 ms when its turn has come is passed over, and keeps its place. On a busy machine that happens
 * to some, and more than once; it is the rule only where there is no order.
 */
export const mostOvertakings = 20;
export const mostOvertaken = 0.3;
/** Fewer tell nothing about a share. */
const enough = 50;

export interface Order {
  /** Leases of lines, whose holders had waited while nothing was wrong. */
  readonly served: number;
  /** Of them, those that were served after one who had come later. */
  readonly overtaken: number;
  /** By how many at most. */
  readonly most: number;
  readonly faults: readonly string[];
}

/** Whether those who wait in line are served as they came. Only "line-…" resources have none but those who do. */
export function judgeOrder(
  leases: readonly WitnessedLease[],
  lives: readonly Life[],
  servers: number,
  disturbances: Disturbances,
): Order {
  const everywhere = merged(
    Array.from({ length: servers }, (_, server) => disturbances.ofServer(server)).flat(),
  );
  const byId = new Map(
    lives.map((life) => [life.id, merged([...everywhere, ...disturbances.ofClient(life.client)])]),
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
        const other = some[before] as WitnessedLease;
        if (other.start < one.asked) break;
        if (other.asked > one.asked + head) times += 1;
      }
      if (times === 0) continue;
      overtaken += 1;
      most = Math.max(most, times);
      if (times > mostOvertakings) {
        faults.push(`${one.id} waited for ${one.resource} while ${times} who had come later were served`);
      }
    }
  }
  if (served >= enough && overtaken > mostOvertaken * served) {
    faults.push(`${overtaken} of ${served} that waited in line were served after one who had come later`);
  }
  return { served, overtaken, most, faults };
}
