import type { LockCommand } from "../protocol/command.js";
import type { Reply, Request } from "./lock-node.js";

/** Is notified when a request is no longer in flight. */
export interface ReplyListener {
  replied(reply: Reply, command: PendingCommand): void;
}

/** A command for one node, and the handler of its reply. */
export abstract class PendingCommand implements Request {
  abstract readonly command: LockCommand;
  private listener: ReplyListener | null = null;
  /** The monotonic time in ms at which the command was sent, if its response time is measured. */
  sentAt: number | null = null;

  /** False once the command was given up: the command must then not be sent (again). */
  abstract wanted(): boolean;

  /** Called once, with the reply or the reason why there is none. Must not throw. */
  abstract onReply(reply: Reply): void;

  /** The command is passed to the client: from now on the node may have executed it. */
  markSent(listener: ReplyListener): void {
    this.listener = listener;
  }

  answered(reply: Reply): void {
    const { listener } = this;
    // Nodes answer once; a custom node may answer again.
    if (listener === null) return;
    this.listener = null;
    listener.replied(reply, this);
    this.onReply(reply);
  }
}
