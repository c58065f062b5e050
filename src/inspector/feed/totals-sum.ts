import type { FrameAggregate, SourceView } from "./frame-aggregate.js";
import type { Totals } from "./frames.js";
import { noTotals, type TotalCounts, totalNames } from "./totals.js";

/**
 * Maximum number of processes remembered, also after the aggregate removed them, so that a process that comes back is not
 * counted twice.
 */
const maxRemembered = 10_000;

/** The totals of all processes. */
export interface TotalsView {
  readonly counts: TotalCounts;
  /** Epoch ms by the observer's clock from which they count; null if no process says. */
  readonly since: number | null;
}

/** Sums the totals of all processes. They only grow, even when a process is removed. */
export class TotalsSum {
  private since: number | null = null;
  private readonly counts = { ...noTotals };
  /** The latest totals of each process, which are included already. */
  private readonly added = new Map<string, Totals>();

  get view(): TotalsView {
    return { counts: { ...this.counts }, since: this.since };
  }

  add({ sources }: Pick<FrameAggregate, "sources">): TotalsView {
    for (const view of sources.values()) this.addSource(view);
    return this.view;
  }

  /** Adds what one process has counted since it was last added. Returns false if that is nothing. */
  addSource({ beat: { source, totals, since }, lag }: Pick<SourceView, "beat" | "lag">): boolean {
    const known = this.added.get(source);
    let grown = false;
    for (const name of totalNames) {
      const more = Math.max(0, (totals[name] ?? 0) - (known?.[name] ?? 0));
      this.counts[name] += more;
      grown ||= more > 0;
    }
    // Moves the process to the end: the first process is the one that was seen longest ago.
    this.added.delete(source);
    this.added.set(source, totals);
    const [oldest] = this.added.keys();
    if (oldest !== undefined && this.added.size > maxRemembered) this.added.delete(oldest);
    if (since !== undefined) this.since = Math.min(this.since ?? Number.POSITIVE_INFINITY, since + lag);
    return grown;
  }
}
