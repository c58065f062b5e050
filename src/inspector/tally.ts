import type { LockMachineEvent } from "../machines/lock-events.js";
import type { Totals } from "./frames.js";

/** Counts what becomes of the locks: every step, however many there are. */
export class Tally {
  private acquired = 0;
  private failed = 0;
  private retries = 0;
  private renewed = 0;
  private quorumLost = 0;
  private expired = 0;
  private released = 0;

  /** `to`: the state that the step led to. */
  count(type: LockMachineEvent["type"], to: string): void {
    switch (type) {
      case "GRANTED":
        this.acquired += 1;
        break;
      case "RELEASED":
        this.released += 1;
        break;
      case "RENEWED":
        this.renewed += 1;
        break;
      case "RETRY":
        this.retries += 1;
        break;
      case "EXPIRED":
      case "LOST":
        this.expired += 1;
        break;
      case "DENIED":
      case "NO_QUORUM":
      case "TOO_SLOW":
      case "ABORT":
      case "TIMED_OUT":
      case "REFUSED":
        // Nothing but the end of an acquisition leads from these to idle.
        if (to === "idle") this.failed += 1;
        else if (to === "held" || to.startsWith("renewing")) this.quorumLost += 1;
        break;
    }
  }

  get totals(): Totals {
    const { acquired, failed, retries, renewed, quorumLost, expired, released } = this;
    return { acquired, failed, retries, renewed, quorumLost, expired, released };
  }
}
