import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { Clock } from "../../engine/time/clock.js";

/** Time in ms for which one of the two histograms is filled: together they cover the last 10 to 20 s. */
const span = 10_000;

/** Maximum in µs; a longer time counts as this. */
const maxTime = 60_000_000;

const histogram = (): RecordableHistogram => createHistogram({ lowest: 1, highest: maxTime, figures: 2 });

/** The recent response times of a node. */
export class Latency {
  private current = histogram();
  private before = histogram();
  private since: number;

  constructor(private readonly clock: Clock) {
    this.since = clock.monotonic();
  }

  add(ms: number): void {
    this.current.record(Math.min(Math.max(1, Math.round(ms * 1_000)), maxTime));
  }

  /** In ms; null without recent requests. Must be called more often than every 10 s. */
  read(): { readonly p50: number | null; readonly p99: number | null } {
    this.rotate();
    if (this.current.count + this.before.count === 0) return { p50: null, p99: null };
    const all = histogram();
    for (const part of [this.before, this.current]) if (part.count > 0) all.add(part);
    return { p50: all.percentile(50) / 1_000, p99: all.percentile(99) / 1_000 };
  }

  private rotate(): void {
    const past = this.clock.monotonic() - this.since;
    if (past < span) return;
    [this.before, this.current] = [this.current, this.before];
    this.current.reset();
    if (past >= 2 * span) this.before.reset();
    this.since = this.clock.monotonic();
  }
}
