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

/** Finds pairs of leases of a resource that were held at the same time. */
export function findOverlaps(leases: readonly RecordedLease[]): Overlap[] {
  return byResource(leases).flatMap(overlapsOfOne);
}

function overlapsOfOne(leases: readonly RecordedLease[]): Overlap[] {
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
