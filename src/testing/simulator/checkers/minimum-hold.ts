import type { Checker, Findings, KnownLeaseHolder, LeaseHolder } from "./checker.js";

/** By how much clocks may disagree over a time: a share of it, and ms. */
const drift = 0.01;
const rounding = 2;

interface Kept {
  readonly name: string;
  /** True time. */
  readonly until: number;
}

/**
 * A minimum hold by true time: after the grant of a lease with `holdAtLeast`, nobody is granted the resource for that long,
 * less the drift, whether or not the lease was released. An adoption continues a lease.
 */
export class MinimumHold implements Checker {
  readonly name = "minimum hold";
  private readonly kept = new Map<string, Kept>();
  private findings: Findings | null = null;

  constructor(
    /** Called with the first lease that has a minimum hold: in other runs there is nothing to check. */
    private readonly begin: () => Findings,
    private readonly now: () => number,
  ) {}

  leaseBegan(holder: LeaseHolder): void {
    const { leaseState, program } = holder as Partial<KnownLeaseHolder>;
    const adopted = (leaseState?.claim.from ?? null) !== null;
    for (const resource of holder.resources) {
      const kept = this.kept.get(resource);
      if (kept === undefined || adopted) continue;
      this.findings?.checked();
      if (this.now() >= kept.until) continue;
      const early = Math.ceil(kept.until - this.now());
      this.findings?.report(`${holder.name} holds ${resource} ${early} ms too early, after ${kept.name}`);
    }
    if (leaseState === undefined || program === undefined || leaseState.grant.holdAtLeast === 0) return;
    this.findings ??= this.begin();
    const { at, holdAtLeast } = leaseState.grant;
    const since = program.host.clock.trueTimeOf(at.monotonic);
    const until = since + holdAtLeast * (1 - drift) - rounding;
    for (const resource of holder.resources) {
      if (until > (this.kept.get(resource)?.until ?? 0))
        this.kept.set(resource, { name: holder.name, until });
    }
  }
}
