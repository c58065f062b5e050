import type { LockCommand } from "../protocol/command.js";
import type { Reply } from "./lock-node.js";
import { PendingCommand } from "./pending-command.js";

/** A release that a node is to execute. */
export interface Release {
  readonly command: LockCommand;
  /** ms after which the key expires by itself, counted from the last request that set it. */
  readonly ttl: number;
  /** Whether the token may be claimed again. */
  readonly reclaimable: boolean;
  /** Whether the node has never answered a request that the release undoes. */
  readonly unanswered: boolean;
  /** The connection on which the first of those requests was sent; null if unknown. */
  readonly askedOn: number | null;
  readonly answered: ((reply: Reply) => void) | null;
}

/** The command that sends a release. */
export class ReleaseCommand extends PendingCommand {
  /** The token was claimed again in the meantime: the release must not be retried. */
  cancelled = false;
  /** The connection on which the release was sent; null if unknown. */
  connection: number | null = null;

  constructor(
    readonly release: Release,
    private readonly answer: ((reply: Reply) => void) | null,
    private readonly handleReply: (command: ReleaseCommand, reply: Reply) => void,
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
    this.handleReply(this, reply);
    this.answer?.(reply);
  }

  cancel(token: string): void {
    if (concerns(this.command, token)) this.cancelled = true;
  }
}

/** Whether the command is sent in the name of the token, or changes a key from it. */
export const concerns = (command: LockCommand, token: string): boolean =>
  ("token" in command && command.token === token) || ("from" in command && command.from === token);
