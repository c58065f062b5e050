import type { FrameAggregate } from "./frame-aggregate.js";
import type { Totals } from "./frames.js";
import { noTotals, type TotalCounts, totalNames } from "./totals.js";

/**
 * Maximum number of processes remembered after the aggregate removed them, so that a process that comes back is not
 * counted twice.
 */
const maxRemembered = 10_000;

/** The totals of all processes. They only grow, even when a process is removed. */
export class TotalsSum {
  /** Epoch ms by the observer's clock from which they count; Infinity if no process says. */
  since = Number.POSITIVE_INFINITY;
  private readonly totals = { ...noTotals };
  /** The latest totals of each process, which are included already. */
  private readonly added = new Map<string, Totals>();

  add({ sources }: Pick<FrameAggregate, "sources">): TotalCounts {
    for (const [source, { beat, lag }] of sources) {
      const known = this.added.get(source);
      for (const name of totalNames) {
        this.totals[name] += Math.max(0, (beat.totals[name] ?? 0) - (known?.[name] ?? 0));
      }
      // Moves the process to the end: the first process is the one that was seen longest ago.
      this.added.delete(source);
      this.added.set(source, beat.totals);
      if (beat.since !== undefined) this.since = Math.min(this.since, beat.since + lag);
    }
    for (const source of this.added.keys()) {
      if (this.added.size <= maxRemembered) break;
      if (!sources.has(source)) this.added.delete(source);
    }
    return { ...this.totals };
  }
}
