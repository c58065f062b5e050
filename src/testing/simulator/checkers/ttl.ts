import type { LockCommand } from "../../../engine/protocol/command.js";
import type { Program } from "../program.js";
import type { Checker, Findings, KnownLeaseHolder } from "./checker.js";

/** The share of the ttl, and the ms, by which a renewal may lengthen what was asked for. */
const drift = 0.01;
const rounding = 10;

/** A renewal never asks for more than its user asked for, but for the drift: not the first one, and not the thousandth. */
export class Ttl implements Checker {
  readonly name = "ttl";
  /** By token: the longest ttl that its user has asked for so far. */
  private readonly longest = new Map<string, number>();

  constructor(private readonly findings: Findings) {}

  acquired({ leaseState }: KnownLeaseHolder): void {
    this.asks(leaseState.claim.token, leaseState.grant.ttl);
  }

  /** Its user asks for so much. */
  asks(token: string, ttl: number): void {
    this.longest.set(token, Math.max(ttl, this.longest.get(token) ?? 0));
  }

  sent({ host }: Program, command: LockCommand): void {
    if (command.op !== "renew" && command.op !== "heal") return;
    const most = this.mostOf(command.token);
    if (most === null) return;
    this.findings.looked();
    if (command.ttl > most) {
      this.findings.report(
        `${host.name} renews ${command.keys} for ${command.ttl} ms, and at most ${Math.floor(most)} were asked for`,
      );
    }
  }

  /** ms for which a node may keep it; null for what was not granted here. */
  mostOf(token: string): number | null {
    const asked = this.longest.get(token);
    return asked === undefined ? null : asked * (1 + drift) + rounding;
  }
}
