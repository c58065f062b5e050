import { byResource, type WitnessedLease } from "./record.js";

export interface FenceFault {
  readonly kind: "repeat" | "step back";
  readonly resource: string;
  readonly earlier: string;
  readonly later: string;
  readonly fences: readonly [number, number];
}

/**
 * Fences that repeat, or that are no higher than that of a lease which was had before the round began that won this one.
 * Between two whose rounds were under way at the same time the order of their grants is not known, and any will do.
 */
export function findFenceFaults(leases: readonly WitnessedLease[]): FenceFault[] {
  return byResource(leases).flatMap((some) => [...repeats(some), ...stepsBack(some)]);
}

const faultOf = (kind: FenceFault["kind"], earlier: WitnessedLease, later: WitnessedLease): FenceFault => ({
  kind,
  resource: later.resource,
  earlier: earlier.id,
  later: later.id,
  fences: [earlier.fence, later.fence],
});

function repeats(leases: readonly WitnessedLease[]): FenceFault[] {
  const seen = new Map<number, WitnessedLease>();
  return leases.flatMap((lease) => {
    const before = seen.get(lease.fence);
    seen.set(lease.fence, lease);
    return before === undefined ? [] : [faultOf("repeat", before, lease)];
  });
}

function stepsBack(leases: readonly WitnessedLease[]): FenceFault[] {
  const byStart = [...leases].sort((a, b) => a.start - b.start);
  const byRound = [...leases].sort((a, b) => a.won - b.won);
  let next = 0;
  let highest: WitnessedLease | undefined;
  return byRound.flatMap((lease) => {
    for (let had = byStart[next]; had && had.start <= lease.won; had = byStart[next]) {
      next += 1;
      if (highest === undefined || had.fence > highest.fence) highest = had;
    }
    // One that is equal is a repeat, and reported as such.
    return highest && lease.fence < highest.fence ? [faultOf("step back", highest, lease)] : [];
  });
}
