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
    for (const resource of holder.resources) {
      const all = this.holders.get(resource) ?? new Set();
      this.holders.set(resource, all);
      this.check(resource, all, holder);
      all.add(holder);
    }
  }

  /** Checks again after a renewal, which may have revived an expired lease, or have made a shared lease exclusive. */
  lockEvent({ lock }: CreatedLock, name: string): void {
    if (name !== "renewed") return;
    for (const resource of lock.resources) {
      const all = this.holders.get(resource) ?? new Set();
      for (const holder of all) {
        if ((holder as Partial<KnownLeaseHolder>).lock === lock) this.check(resource, all, holder);
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

const isOver = (holder: LeaseHolder): boolean =>
  (holder as Partial<KnownLeaseHolder>).leaseState?.end !== null;
