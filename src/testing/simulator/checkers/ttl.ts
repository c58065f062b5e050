import type { LockCommand } from "../../../engine/protocol/command.js";
import type { Program } from "../program.js";
import type { Checker, Findings, KnownLeaseHolder } from "./checker.js";

/** By how much a renewal may exceed the requested TTL: a share of the TTL, and ms. */
const drift = 0.01;
const rounding = 10;

/** No renewal, not even the thousandth, requests more than the TTL that the user requested, plus the allowance for drift. */
export class Ttl implements Checker {
  readonly name = "ttl";
  /** The longest TTL that the user has requested so far, by token, in ms. */
  private readonly longestTtl = new Map<string, number>();

  constructor(private readonly findings: Findings) {}

  acquired({ leaseState }: KnownLeaseHolder): void {
    this.requested(leaseState.claim.token, leaseState.grant.ttl);
  }

  /** The user requests this TTL, in ms. */
  requested(token: string, ttl: number): void {
    this.longestTtl.set(token, Math.max(ttl, this.longestTtl.get(token) ?? 0));
  }

  sent({ host }: Program, command: LockCommand): void {
    const { op } = command;
    if (op !== "renew" && op !== "renewEach" && op !== "heal") return;
    for (const token of op === "renewEach" ? command.tokens : [command.token]) {
      const maxTtl = this.maxTtlOf(token);
      if (maxTtl === null) continue;
      this.findings.checked();
      if (command.ttl > maxTtl) {
        this.findings.report(
          `${host.name} renews ${command.keys} for ${command.ttl} ms, and at most ${Math.floor(maxTtl)} were asked for`,
        );
      }
    }
  }

  /** The longest TTL in ms that a node may be asked for; null for an unknown token. */
  maxTtlOf(token: string): number | null {
    const asked = this.longestTtl.get(token);
    return asked === undefined ? null : asked * (1 + drift) + rounding;
  }
}
