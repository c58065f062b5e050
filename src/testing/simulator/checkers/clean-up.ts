import { createHash } from "node:crypto";
import type { Program } from "../program.js";
import type { Checker, Findings, Found } from "./checker.js";

/**
 * What was given up leaves nothing behind: when all has settled each key on a node belongs to a lease that is held, or
 * to a program that died. What a dead connection delivers late is released again.
 */
export class CleanUp implements Checker {
  readonly name = "clean-up";
  private readonly owners = new Map<string, Program>();
  private readonly handedOver = new Set<string>();
  /** Nodes, and tokens that they may be sent late. */
  private readonly excused = new Set<string>();

  constructor(private readonly findings: Findings) {}

  asked(program: Program, token: string): void {
    this.findings.looked();
    this.owners.set(token, program);
  }

  /** Its keys wait for whoever adopts it; nobody can order what its giver had under way behind what the heir asks. */
  handOver(token: string, { links }: Program): void {
    this.handedOver.add(token);
    for (const link of links) if (link.owes(token)) this.excused.add(`${link.name} ${token}`);
  }

  /** From now on its end is the heir's business. */
  adopted(token: string, heir: Program): void {
    this.handedOver.delete(token);
    this.owners.set(token, heir);
  }

  settled(found: readonly Found[]): void {
    if (found.length === 0) return;
    const tokens = new Map([...this.owners.keys()].map((token) => [hashOf(token), token]));
    for (const { node, key, tokenHash } of found) {
      const token = tokens.get(tokenHash) ?? "";
      const owner = this.owners.get(token);
      if (owner === undefined || owner.host.dead || owner.holds(token)) continue;
      // Others do not come back to what they could not release.
      if (owner.plan.foreign || this.handedOver.has(token) || this.excused.has(`${node} ${token}`)) continue;
      this.findings.report(
        `${node} still has ${key} under the token …${token.slice(-4)} that ${owner.host.name} has given up`,
      );
    }
  }
}

/** As nodes show it. */
export const hashOf = (token: string): string => createHash("sha1").update(token).digest("hex").slice(0, 16);
