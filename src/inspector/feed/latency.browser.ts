/** What latency.ts has, for a browser, which has no histograms. */
import type { Clock } from "../../engine/time/clock.js";

/** Time in ms for which one of the two lists is filled: together they cover the last 10 to 20 s. */
const span = 10_000;
/** Response times that one list keeps. Later ones are left out. */
const maxTimes = 1_000;

/** The recent response times of a node. */
export class Latency {
  private current: number[] = [];
  private before: number[] = [];
  private since: number;

  constructor(private readonly clock: Clock) {
    this.since = clock.monotonic();
  }

  add(ms: number): void {
    if (this.current.length < maxTimes) this.current.push(ms);
  }

  /** In ms; null without recent requests. Must be called more often than every 10 s. */
  read(): { readonly p50: number | null; readonly p99: number | null } {
    const past = this.clock.monotonic() - this.since;
    if (past >= span) {
      this.before = past >= 2 * span ? [] : this.current;
      this.current = [];
      this.since = this.clock.monotonic();
    }
    const all = [...this.before, ...this.current].sort((one, other) => one - other);
    const at = (share: number) => all[Math.ceil(all.length * share) - 1] ?? null;
    return { p50: at(0.5), p99: at(0.99) };
  }
}
