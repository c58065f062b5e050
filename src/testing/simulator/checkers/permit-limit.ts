import { PermitClaim } from "../../../engine/quorum/permit-claim.js";
import type { Checker, Findings, KnownLeaseHolder, LeaseHolder } from "./checker.js";

/**
 * The limit of a semaphore by true time: at no moment do holders believe, each by its own clocks, that they hold more permits
 * together than the semaphore has. What a lease weighs is what its holder asked for, and not what the nodes gave.
 */
export class PermitLimit implements Checker {
  readonly name = "permit limit";
  private readonly holders: { readonly holder: LeaseHolder; readonly weight: number }[] = [];

  constructor(
    private readonly findings: Findings,
    /** The semaphore that the actions acquire from. Those that are acquired after the run to try the nodes do not count. */
    private readonly semaphore: string,
    /** The number of permits that the semaphore has. */
    private readonly number: number,
  ) {}

  leaseBegan(holder: LeaseHolder): void {
    const { leaseState } = holder as Partial<KnownLeaseHolder>;
    const { claim, resources } = leaseState ?? {};
    if (claim?.permits === undefined || resources?.[0] !== this.semaphore) return;
    this.findings.checked();
    const { number } = this;
    const weight = claim instanceof PermitClaim ? claim.weight : claim.permits.length;
    this.holders.push({ holder, weight });
    const valid = this.holders.filter(({ holder: one }) => one.believes());
    const held = valid.reduce((sum, { weight }) => sum + weight, 0);
    if (held <= number) return;
    const who = valid.map(({ holder: one, weight }) => `${one.name} (${weight})`).join(", ");
    this.findings.report(`${held} of ${number} permits are held: ${who}`);
  }
}
