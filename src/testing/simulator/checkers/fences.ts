import type { Checker, EventOf, Findings, KnownLeaseHolder } from "./checker.js";

interface Fenced {
  readonly fence: number;
  readonly name: string;
  /** True time at which the lease began. */
  readonly since: number;
  readonly isShared: boolean;
}

/**
 * Fences increase from each lease of a resource to the next, and never repeat. A lease follows another lease if it was
 * requested after the other lease began. Two leases that share the resource have no order. `strict`: within the assumptions, leases follow in the order in which they began.
 */
export class Fences implements Checker {
  readonly name = "fences";
  private readonly leases = new Map<string, Fenced[]>();
  private readonly askedAt = new Map<string, number>();

  constructor(
    private readonly findings: Findings,
    private readonly now: () => number,
    private readonly strict: boolean,
  ) {}

  tokenUsed(_: unknown, token: string): void {
    this.askedAt.set(token, this.now());
  }

  acquired({ name, leaseState, resources, lock }: KnownLeaseHolder, { fence }: EventOf<"acquired">): void {
    if (fence === undefined) return;
    const isShared = leaseState.mode === "shared";
    this.findings.checked();
    if (!Number.isSafeInteger(fence)) this.findings.report(`${name} was given the fence ${fence}`);
    // Leases of one semaphore may be granted at the same time, and begin in any order.
    const isStrict = this.strict && lock.pool === null;
    const askedAt = isStrict ? Number.POSITIVE_INFINITY : (this.askedAt.get(leaseState.claim.token) ?? 0);
    for (const resource of resources) {
      const earlier = this.leases.get(resource) ?? [];
      for (const other of earlier) {
        if (isShared && other.isShared && other.fence !== fence) continue;
        if (other.fence === fence || (other.since < askedAt && other.fence > fence)) {
          this.findings.report(
            `${name} of ${resource} has the fence ${fence}, after ${other.fence} of ${other.name}`,
          );
        }
      }
      earlier.push({ fence, name, since: this.now(), isShared });
      this.leases.set(resource, earlier);
    }
  }
}
