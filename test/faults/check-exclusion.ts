import { byResource, type RecordedLease, type Span } from "./record.js";

export interface Overlap {
  readonly resource: string;
  readonly one: string;
  readonly other: string;
  /** How long both held it. */
  readonly ms: number;
}

/**
 * The time in which a lease was held: from its grant to the caller, until the release, the report of its loss, or the end
 * of its validity. A holder that was stalled or killed therefore counts up to its deadline.
 */
function heldSpan({ start, until, left, lost }: RecordedLease): Span {
  return {
    from: start,
    to: Math.min(until, left ?? Number.POSITIVE_INFINITY, lost ?? Number.POSITIVE_INFINITY),
  };
}

/**
 * Finds leases that were held while others took too many units of their resource, and the one of these others that was held
 * for longest.
 */
export function findOverlaps(leases: readonly RecordedLease[]): Overlap[] {
  return byResource(leases).flatMap(overlapsOfOne);
}

function overlapsOfOne(leases: readonly RecordedLease[]): Overlap[] {
  const held = leases
    .map((lease) => ({ lease, span: heldSpan(lease) }))
    .filter(({ span }) => span.from < span.to)
    .sort((a, b) => a.span.from - b.span.from);
  const found: Overlap[] = [];
  let others: typeof held = [];
  for (const next of held) {
    others = others.filter(({ span }) => span.to > next.span.from);
    const taken = others.reduce((units, { lease }) => units + lease.takes, next.lease.takes);
    if (taken > next.lease.of) {
      const longest = others.reduce((one, other) => (other.span.to > one.span.to ? other : one));
      const ms = Math.min(longest.span.to, next.span.to) - next.span.from;
      found.push({ resource: next.lease.resource, one: longest.lease.id, other: next.lease.id, ms });
    }
    others.push(next);
  }
  return found;
}
