import type { LockCommand } from "../protocol/command.js";
import type { Reply, Request } from "./lock-node.js";

/** Who is told that a request which was under way is so no longer. */
export interface ReplyListener {
  replied(reply: Reply, command: PendingCommand): void;
}

/** A command for one node, and what its sender makes of the reply. */
export abstract class PendingCommand implements Request {
  abstract readonly command: LockCommand;
  private listener: ReplyListener | null = null;
  /** The monotonic time at which it left, if its way is measured. */
  sentAt: number | null = null;

  /** False once the command was given up: it is then not sent (again). */
  abstract wanted(): boolean;

  /** Called once, when it is known what became of it. Must not throw. */
  abstract onReply(reply: Reply): void;

  /** It is handed to the client: from now on the node may have acted on it. */
  markSent(listener: ReplyListener): void {
    this.listener = listener;
  }

  answered(reply: Reply): void {
    const { listener } = this;
    // Nodes answer once; one that somebody else wrote may do so again.
    if (listener === null) return;
    this.listener = null;
    listener.replied(reply, this);
    this.onReply(reply);
  }
}
