import type { LockMachineEvent } from "../../machines/lock-events.js";
import { isLeaseState } from "./lease-kind.js";
import { noTotals, type TotalCounts } from "./totals.js";

/** Counts the outcomes of acquisitions, renewals and leases. Every step counts, also steps beyond the rate limit. */
export class StepCounts {
  private readonly counts: TotalCounts = { ...noTotals };

  /** `to`: the state that the step led to; `reason`: why the lock's last attempt failed. */
  count(type: LockMachineEvent["type"], to: string, reason: string | null): void {
    switch (type) {
      case "GRANTED":
        this.counts.acquired += 1;
        break;
      case "RELEASED":
        this.counts.released += 1;
        break;
      case "RENEWED":
        this.counts.renewed += 1;
        break;
      case "RETRY":
        // A waiter in line asks again to keep its place: nothing has failed.
        if (reason === "contended") this.counts.asks += 1;
        else this.counts.retries += 1;
        break;
      case "EXPIRED":
      case "LOST":
        this.counts.expired += 1;
        break;
      case "DENIED":
      case "NO_QUORUM":
      case "TOO_SLOW":
      case "ABORT":
      case "TIMED_OUT":
      case "REFUSED":
        // From these events, only the end of an acquisition leads to idle.
        if (to === "idle") this.counts.failed += 1;
        else if (isLeaseState(to)) this.counts.quorumLost += 1;
        break;
    }
  }

  get totals(): TotalCounts {
    return { ...this.counts };
  }
}
