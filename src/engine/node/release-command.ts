import type { LockCommand } from "../protocol/command.js";
import type { Reply } from "./lock-node.js";
import { PendingCommand } from "./pending-command.js";

/** What a node is to release. */
export interface Release {
  readonly command: LockCommand;
  /** ms after which the key is gone by itself, counted from the last request that set it. */
  readonly ttl: number;
  /** Its token may be claimed again. */
  readonly recurring: boolean;
  /** Whether the node has never answered a request that it undoes. */
  readonly unanswered: boolean;
  /** The connection on which the first of those was sent; null if nobody can tell. */
  readonly askedOn: number | null;
  readonly answered: ((reply: Reply) => void) | null;
}

/** A release on its way. */
export class ReleaseCommand extends PendingCommand {
  /** What it is to release was claimed again meanwhile: it is not to be tried again. */
  cancelled = false;
  /** The connection that took it; null if nobody can tell. */
  connection: number | null = null;

  constructor(
    readonly release: Release,
    private readonly answer: ((reply: Reply) => void) | null,
    private readonly settle: (command: ReleaseCommand, reply: Reply) => void,
  ) {
    super();
  }

  get command(): LockCommand {
    return this.release.command;
  }

  wanted(): boolean {
    return true;
  }

  onReply(reply: Reply): void {
    this.settle(this, reply);
    this.answer?.(reply);
  }

  cancel(token: string): void {
    const { command } = this;
    if (("token" in command && command.token === token) || ("from" in command && command.from === token)) {
      this.cancelled = true;
    }
  }
}
