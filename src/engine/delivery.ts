import type { LockCommand } from "./command.js";
import { concerns, type Debt } from "./debts.js";
import { Errand } from "./errand.js";
import type { Reply } from "./node.js";

/** A release on its way. */
export class Delivery extends Errand {
  /** What it is to release was claimed again meanwhile: it is not to be tried again. */
  forgiven = false;

  constructor(
    readonly command: LockCommand,
    /** ms after which the key is gone by itself. */
    readonly ttl: number,
    /** What it was owed as, if it was. */
    readonly debt: Debt | null,
    /** Its token may be claimed again. */
    readonly recurring: boolean,
    private readonly settle: (delivery: Delivery, reply: Reply) => void,
    private readonly onReply: ((reply: Reply) => void) | null,
  ) {
    super();
  }

  wanted(): boolean {
    return true;
  }

  heard(reply: Reply): void {
    this.settle(this, reply);
    this.onReply?.(reply);
  }

  forgive(token: string): void {
    if (concerns(this.command, token)) this.forgiven = true;
  }
}
