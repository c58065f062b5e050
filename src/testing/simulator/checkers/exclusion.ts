import type { Checker, Findings, LeaseTenant, Made, Tenant } from "./checker.js";

/**
 * Exclusion by true time: at no moment two tenants of a resource believe that they hold it, each by its own clocks. One
 * that stands still counts only as long as its clocks, read at this moment, would let it believe so.
 */
export class Exclusion implements Checker {
  readonly name = "exclusion";
  overlaps = 0;
  private readonly tenants = new Map<string, Set<Tenant>>();
  private readonly told = new Set<string>();

  constructor(private readonly findings: Findings) {}

  begins(tenant: Tenant): void {
    this.findings.looked();
    for (const resource of tenant.resources) {
      const all = this.tenants.get(resource) ?? new Set();
      this.tenants.set(resource, all);
      this.look(resource, all, tenant);
      all.add(tenant);
    }
  }

  /** A renewal may have revived what was over. */
  heard({ lock }: Made, name: string): void {
    if (name !== "renewed") return;
    for (const resource of lock.resources) {
      const all = this.tenants.get(resource) ?? new Set();
      for (const tenant of all) {
        if ((tenant as Partial<LeaseTenant>).lock === lock) this.look(resource, all, tenant);
      }
    }
  }

  private look(resource: string, all: Set<Tenant>, tenant: Tenant): void {
    if (!tenant.believes()) return;
    for (const other of all) {
      if (other === tenant) continue;
      if (!other.believes()) {
        if (isOver(other)) all.delete(other);
        continue;
      }
      const pair = `${other.name} ${tenant.name}`;
      if (this.told.has(pair)) continue;
      this.told.add(pair);
      this.overlaps++;
      this.findings.report(`${other.name} and ${tenant.name} both hold ${resource}`);
    }
  }
}

const isOver = (tenant: Tenant): boolean => (tenant as Partial<LeaseTenant>).hold?.end !== null;
