import type { Batch } from "../../../engine/node/lock-node.js";
import type { Findings } from "./checker.js";

/** Every process asks for a resource in the same group of nodes, also while the nodes of a group are being changed. */
export class Assignment {
  /** The group in which each key was first asked for. */
  private readonly groups = new Map<string, string>();

  constructor(private readonly findings: Findings) {}

  /** A process has sent this batch to a node of the group. */
  sent(group: string, { requests }: Batch): void {
    for (const { command } of requests) {
      if (command.op !== "acquire") continue;
      this.findings.checked();
      for (const key of command.keys) {
        const known = this.groups.get(key) ?? group;
        this.groups.set(key, known);
        if (known !== group) this.findings.report(`${key} is asked for in the groups ${known} and ${group}`);
      }
    }
  }
}
