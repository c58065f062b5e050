import type { LockCommand } from "../protocol/command.js";
import type { Reply, Request } from "./lock-node.js";

/** Who is told that a request which was under way is so no longer. */
interface Carrier {
  arrived(reply: Reply, errand: Errand): void;
}

/** A command for one node, and what its sender makes of the reply. */
export abstract class Errand implements Request {
  abstract readonly command: LockCommand;
  private carrier: Carrier | null = null;
  /** The monotonic time at which it left, if its way is measured. */
  leftAt: number | null = null;

  /** False once the command was given up: it is then not sent (again). */
  abstract wanted(): boolean;

  /** Called once, when it is known what became of it. Must not throw. */
  abstract heard(reply: Reply): void;

  /** It is handed to the client: from now on the node may have acted on it. */
  leave(carrier: Carrier): void {
    this.carrier = carrier;
  }

  answered(reply: Reply): void {
    const { carrier } = this;
    // Nodes answer once; one that somebody else wrote may do so again.
    if (carrier === null) return;
    this.carrier = null;
    carrier.arrived(reply, this);
    this.heard(reply);
  }
}
