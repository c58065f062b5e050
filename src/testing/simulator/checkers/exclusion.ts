import type { Checker, CreatedLock, Findings, KnownLeaseHolder, LeaseHolder } from "./checker.js";

/**
 * Exclusion by true time: at no moment do two holders believe, each by its own clocks, that they hold the same resource,
 * unless both share it.
 * A stalled holder counts only while its clocks, read at this moment, are within the lease.
 */
export class Exclusion implements Checker {
  readonly name = "exclusion";
  overlaps = 0;
  private readonly holders = new Map<string, Set<LeaseHolder>>();
  private readonly reported = new Set<string>();

  constructor(private readonly findings: Findings) {}

  leaseBegan(holder: LeaseHolder): void {
    this.findings.checked();
    for (const resource of lockedBy(holder)) {
      const all = this.holders.get(resource) ?? new Set();
      this.holders.set(resource, all);
      this.check(resource, all, holder);
      all.add(holder);
    }
  }

  /** Checks again after a renewal, which may have revived an expired lease, and after an upgrade, which made a shared lease exclusive. */
  lockEvent({ lock }: CreatedLock, name: string): void {
    if (name !== "renewed" && name !== "upgraded") return;
    const renewed = [...this.holders].filter(([, all]) => [...all].some((holder) => isOf(holder, lock)));
    for (const [resource, all] of renewed) {
      for (const holder of all) {
        if (isOf(holder, lock)) this.check(resource, all, holder);
      }
    }
  }

  private check(resource: string, all: Set<LeaseHolder>, holder: LeaseHolder): void {
    if (!holder.believes()) return;
    for (const other of all) {
      if (other === holder) continue;
      if (!other.believes()) {
        if (isOver(other)) all.delete(other);
        continue;
      }
      if (holder.shares?.() === true && other.shares?.() === true) continue;
      const pair = `${other.name} ${holder.name}`;
      if (this.reported.has(pair)) continue;
      this.reported.add(pair);
      this.overlaps++;
      this.findings.report(`${other.name} and ${holder.name} both hold ${resource}`);
    }
  }
}

/** The resources that nobody else may hold: those of the permits, if it is a lease of a semaphore. */
function lockedBy(holder: LeaseHolder): readonly string[] {
  const { lock, leaseState } = holder as Partial<KnownLeaseHolder>;
  const { permits } = leaseState?.claim ?? {};
  return permits === undefined ? holder.resources : (lock?.pool?.resourcesOf(permits) ?? []);
}

const isOf = (holder: LeaseHolder, lock: CreatedLock["lock"]): boolean =>
  (holder as Partial<KnownLeaseHolder>).lock === lock;

const isOver = (holder: LeaseHolder): boolean =>
  (holder as Partial<KnownLeaseHolder>).leaseState?.end !== null;
