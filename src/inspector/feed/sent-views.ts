import { traceOf } from "../../lock/lock-traces.js";
import type { ObservedLock } from "../../lock/observed-lock.js";
import type { Manager } from "../../manager/manager.js";
import type { LockView, Step } from "./frames.js";
import { LockRows } from "./lock-rows.js";
import { isStale, type TakenStep, viewOf } from "./lock-view.js";

/** Time in ms for which a lock that is no longer in use stays visible. */
const idleDisplayMs = 10_000;

/** Whether a lock in this state is no longer in use. */
const isIdle = (state: string): boolean => state === "idle" || state === "expired";

/** The view of each lock of a manager as it was last sent. */
export class SentViews {
  private readonly rows: LockRows;
  private round = 0;

  constructor(
    private readonly manager: Manager,
    source: string,
  ) {
    this.rows = new LockRows(source);
  }

  /** Updates the lock's row after a step. Returns null if there are too many locks. */
  recordStep(lock: ObservedLock, taken: TakenStep): Step | null {
    const view = this.update(lock, taken);
    if (view === null) return null;
    const step: Step = {
      time: view.since,
      event: taken.event.type,
      from: taken.from,
      to: view.state,
      lock: view,
    };
    const trace = traceOf(lock);
    if (trace !== undefined) step.trace = trace;
    return step;
  }

  /** Compares the rows with the locks. Returns at most `max` views that were outdated or missing, updated. */
  compare(max: number): LockView[] {
    const outdated: LockView[] = [];
    const check = (lock: ObservedLock) => {
      const view = this.update(lock, null);
      if (view !== null) outdated.push(view);
    };
    // Rows that were sent longest ago come first; an updated row moves to the end.
    for (const { lock, view } of [...this.rows.inUse]) {
      if (outdated.length >= max) break;
      if (lock !== null && (view === null || isStale(view, lock))) check(lock);
    }
    for (const lock of this.manager.inUse) {
      if (outdated.length >= max) break;
      if (!this.rows.has(lock)) check(lock);
    }
    return outdated;
  }

  /** The ids of rows that are no longer visible. Each id is returned once. */
  takeGone(): string[] {
    const gone = [...this.rows.evicted, ...this.rows.removeIdle(this.clock.monotonic() - idleDisplayMs)];
    this.rows.evicted = [];
    return gone;
  }

  /** The views of all rows: idle rows first, then the rows in use, the one that was sent longest ago first. */
  get views(): LockView[] {
    return [...this.rows.idle, ...this.rows.inUse].flatMap(({ view }) => view ?? []);
  }

  /**
   * The views that were last sent before `before` (monotonic clock), or not since `resendAll`. A view that is taken
   * counts as sent.
   */
  *resend(before: number): Iterable<LockView> {
    const now = this.clock.monotonic();
    for (const row of [...this.rows.inUse, ...this.rows.idle]) {
      if (row.view === null || (row.sentAt > before && row.round === this.round)) continue;
      row.sentAt = now;
      row.round = this.round;
      yield row.view;
    }
  }

  /** Makes `resend` return every row again. */
  resendAll(): void {
    this.round += 1;
  }

  clear(): void {
    this.rows.clear();
  }

  private update(lock: ObservedLock, taken: TakenStep | null): LockView | null {
    const row = this.rows.use(lock);
    if (row === null) return null;
    row.view = viewOf(lock, row.identity, row.view, taken, this.clock.wall());
    row.sentAt = this.clock.monotonic();
    row.round = this.round;
    if (isIdle(row.view.state)) this.rows.markIdle(row, row.sentAt);
    return row.view;
  }

  private get clock() {
    return this.manager.context.clock;
  }
}
