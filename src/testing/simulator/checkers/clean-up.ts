import { createHash } from "node:crypto";
import type { Program } from "../program.js";
import type { Checker, Findings, Found } from "./checker.js";

/**
 * Clean-up: once the run is quiet, each key on a node belongs to a held lease or to a program that died. A claim that a
 * dead connection delivers late must be released again.
 */
export class CleanUp implements Checker {
  readonly name = "clean-up";
  private readonly owners = new Map<string, Program>();
  private readonly handedOver = new Set<string>();
  /** Pairs of node and token where a late command may still claim the key. */
  private readonly excused = new Set<string>();

  constructor(private readonly findings: Findings) {}

  tokenUsed(program: Program, token: string): void {
    this.findings.checked();
    this.owners.set(token, program);
  }

  /**
   * The lease was handed over: its keys may wait for the adopting program. Commands of the old owner that are still in
   * transit cannot be ordered before the commands of the new owner, so those nodes are excused.
   */
  handOver(token: string, { links }: Program): void {
    this.handedOver.add(token);
    for (const link of links) if (link.mayDeliverClaim(token)) this.excused.add(`${link.name} ${token}`);
  }

  /** From now on the adopting program must clean up. */
  adopted(token: string, heir: Program): void {
    this.handedOver.delete(token);
    this.owners.set(token, heir);
  }

  quiet(found: readonly Found[]): void {
    if (found.length === 0) return;
    const tokens = new Map([...this.owners.keys()].map((token) => [hashOf(token), token]));
    for (const { node, key, tokenHash } of found) {
      const token = tokens.get(tokenHash) ?? "";
      const owner = this.owners.get(token);
      if (owner === undefined || owner.host.dead || owner.holds(token)) continue;
      // Foreign clients do not retry a release.
      if (owner.plan.foreign || this.handedOver.has(token) || this.excused.has(`${node} ${token}`)) continue;
      this.findings.report(
        `${node} still has ${key} under the token …${token.slice(-4)} that ${owner.host.name} has given up`,
      );
    }
  }
}

/** The token hash as nodes report it. */
export const hashOf = (token: string): string => createHash("sha1").update(token).digest("hex").slice(0, 16);
