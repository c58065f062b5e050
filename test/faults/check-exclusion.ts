import { byResource, type Span, type WitnessedLease } from "./record.js";

export interface Overlap {
  readonly resource: string;
  readonly one: string;
  readonly other: string;
  /** How long both held it. */
  readonly ms: number;
}

/**
 * While it held: from when its caller had it, until it let go, was told of its loss, or its validity was over. A holder
 * that stood still beyond its deadline so counts up to its deadline, and one that was killed up to its own.
 */
function heldSpan({ start, until, left, lost }: WitnessedLease): Span {
  return {
    from: start,
    to: Math.min(until, left ?? Number.POSITIVE_INFINITY, lost ?? Number.POSITIVE_INFINITY),
  };
}

/** Where two leases of a resource were held at the same time. */
export function findOverlaps(leases: readonly WitnessedLease[]): Overlap[] {
  return byResource(leases).flatMap(overlapsOfOne);
}

function overlapsOfOne(leases: readonly WitnessedLease[]): Overlap[] {
  const held = leases
    .map((lease) => ({ lease, span: heldSpan(lease) }))
    .filter(({ span }) => span.from < span.to)
    .sort((a, b) => a.span.from - b.span.from);
  const found: Overlap[] = [];
  let longest = held[0];
  for (const next of held.slice(1)) {
    if (longest === undefined) break;
    const ms = Math.min(longest.span.to, next.span.to) - next.span.from;
    if (ms > 0) {
      found.push({ resource: next.lease.resource, one: longest.lease.id, other: next.lease.id, ms });
    }
    if (next.span.to > longest.span.to) longest = next;
  }
  return found;
}
