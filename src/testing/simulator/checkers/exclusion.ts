import type { Checker, Findings, KnownLeaseHolder, LeaseHolder, Made } from "./checker.js";

/**
 * Exclusion by true time: at no moment two tenants of a resource believe that they hold it, each by its own clocks. One
 * that stands still counts only as long as its clocks, read at this moment, would let it believe so.
 */
export class Exclusion implements Checker {
  readonly name = "exclusion";
  overlaps = 0;
  private readonly holders = new Map<string, Set<LeaseHolder>>();
  private readonly told = new Set<string>();

  constructor(private readonly findings: Findings) {}

  begins(holder: LeaseHolder): void {
    this.findings.looked();
    for (const resource of holder.resources) {
      const all = this.holders.get(resource) ?? new Set();
      this.holders.set(resource, all);
      this.look(resource, all, holder);
      all.add(holder);
    }
  }

  /** A renewal may have revived what was over. */
  heard({ lock }: Made, name: string): void {
    if (name !== "renewed") return;
    for (const resource of lock.resources) {
      const all = this.holders.get(resource) ?? new Set();
      for (const holder of all) {
        if ((holder as Partial<KnownLeaseHolder>).lock === lock) this.look(resource, all, holder);
      }
    }
  }

  private look(resource: string, all: Set<LeaseHolder>, holder: LeaseHolder): void {
    if (!holder.believes()) return;
    for (const other of all) {
      if (other === holder) continue;
      if (!other.believes()) {
        if (isOver(other)) all.delete(other);
        continue;
      }
      const pair = `${other.name} ${holder.name}`;
      if (this.told.has(pair)) continue;
      this.told.add(pair);
      this.overlaps++;
      this.findings.report(`${other.name} and ${holder.name} both hold ${resource}`);
    }
  }
}

const isOver = (holder: LeaseHolder): boolean =>
  (holder as Partial<KnownLeaseHolder>).leaseState?.end !== null;
