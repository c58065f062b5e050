import type { Reply } from "../node/lock-node.js";
import type { LockCommand } from "../protocol/command.js";

/** The commands that undo one upgrade, and which nodes have answered theirs. */
export class Downgrades {
  /** The number of commands to each node that the node has not answered. */
  private readonly unanswered = new Map<number, number>();
  /** The nodes that have executed a command since the last one that they may have missed. */
  private readonly done = new Set<number>();

  /** Called when no command may arrive at a node any more. */
  onSettled: (() => void) | null = null;

  constructor(readonly command: LockCommand) {}

  sent(node: number): void {
    this.done.delete(node);
    this.unanswered.set(node, (this.unanswered.get(node) ?? 0) + 1);
  }

  answered(node: number, reply: Reply): void {
    // A command that was lost, or that the client gave up, may still arrive.
    if (reply.kind === "failed" && (reply.reason === "connection" || reply.reason === "timeout")) return;
    this.unanswered.set(node, Math.max(0, (this.unanswered.get(node) ?? 0) - 1));
    if (reply.kind === "granted" || reply.kind === "denied") this.done.add(node);
    if (this.unconfirmed.length === 0) this.onSettled?.();
  }

  /** The nodes that have executed no command. */
  missing(): number[] {
    return [...this.unanswered.keys()].filter((node) => !this.done.has(node));
  }

  /** The nodes at which a command may still arrive. */
  get unconfirmed(): number[] {
    return [...this.unanswered].flatMap(([node, count]) => (count > 0 ? node : []));
  }
}
