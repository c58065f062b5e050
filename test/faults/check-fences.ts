import { byResource, type RecordedLease } from "./record.js";

export interface FenceFault {
  readonly kind: "repeat" | "step back";
  readonly resource: string;
  readonly earlier: string;
  readonly later: string;
  readonly fences: readonly [number, number];
}

/**
 * Finds fences that repeat, or that are not higher than the fence of a lease that was granted before the winning round
 * began. If two rounds overlapped, the order of their grants is unknown, and either order of the fences is correct.
 */
export function findFenceFaults(leases: readonly RecordedLease[]): FenceFault[] {
  return byResource(leases).flatMap((some) => [...repeats(some), ...stepsBack(some)]);
}

const faultOf = (kind: FenceFault["kind"], earlier: RecordedLease, later: RecordedLease): FenceFault => ({
  kind,
  resource: later.resource,
  earlier: earlier.id,
  later: later.id,
  fences: [earlier.fence, later.fence],
});

function repeats(leases: readonly RecordedLease[]): FenceFault[] {
  const seen = new Map<number, RecordedLease>();
  return leases.flatMap((lease) => {
    const before = seen.get(lease.fence);
    seen.set(lease.fence, lease);
    return before === undefined ? [] : [faultOf("repeat", before, lease)];
  });
}

function stepsBack(leases: readonly RecordedLease[]): FenceFault[] {
  const byStart = [...leases].sort((a, b) => a.start - b.start);
  const byRound = [...leases].sort((a, b) => a.won - b.won);
  let next = 0;
  let highest: RecordedLease | undefined;
  return byRound.flatMap((lease) => {
    for (let had = byStart[next]; had && had.start <= lease.won; had = byStart[next]) {
      next += 1;
      if (highest === undefined || had.fence > highest.fence) highest = had;
    }
    // An equal fence is reported as a repeat.
    return highest && lease.fence < highest.fence ? [faultOf("step back", highest, lease)] : [];
  });
}
