import type { ObservedLock } from "../../lock/observed-lock.js";
import type { Manager } from "../../manager/manager.js";
import type { LockView, Step } from "./frames.js";
import { LockRows } from "./lock-rows.js";
import { isStale, type Taken, viewOf } from "./lock-view.js";

/** ms that a lock which is not in use any more is shown. */
const shownIdle = 10_000;

/** Not in use. */
const isOut = (state: string): boolean => state === "idle" || state === "expired";

/** How each lock of a manager was told last. */
export class SentViews {
  private readonly rows: LockRows;
  private turn = 0;

  constructor(
    private readonly manager: Manager,
    source: string,
  ) {
    this.rows = new LockRows(source);
  }

  /** Null if there are too many locks. */
  note(lock: ObservedLock, taken: Taken): Step | null {
    const view = this.update(lock, taken);
    if (view === null) return null;
    return { time: view.since, event: taken.event.type, from: taken.from, to: view.state, lock: view };
  }

  /** Compares what was told with the locks themselves. Returns those that were wrong, or not known; at most so many. */
  compare(most: number): LockView[] {
    const wrong: LockView[] = [];
    const look = (lock: ObservedLock) => {
      const view = this.update(lock, null);
      if (view !== null) wrong.push(view);
    };
    // Those first that were told longest ago; what is updated goes to the end.
    for (const { lock, view } of [...this.rows.inUse]) {
      if (wrong.length >= most) break;
      if (lock !== null && (view === null || isStale(view, lock))) look(lock);
    }
    for (const lock of this.manager.inUse) {
      if (wrong.length >= most) break;
      if (!this.rows.has(lock)) look(lock);
    }
    return wrong;
  }

  /** The ids of what is not shown any more; each once. */
  gone(): string[] {
    const gone = [...this.rows.displaced, ...this.rows.forget(this.clock.monotonic() - shownIdle)];
    this.rows.displaced = [];
    return gone;
  }

  /** All locks; those in use come last, and of them the one first that was told longest ago. */
  get views(): LockView[] {
    return [...this.rows.idle, ...this.rows.inUse].flatMap(({ view }) => view ?? []);
  }

  /** Those that were told before (by the monotonic clock), or not since `startOver`. What is taken counts as told. */
  *retell(before: number): Iterable<LockView> {
    const now = this.clock.monotonic();
    for (const row of [...this.rows.inUse, ...this.rows.idle]) {
      if (row.view === null || (row.told > before && row.turn === this.turn)) continue;
      row.told = now;
      row.turn = this.turn;
      yield row.view;
    }
  }

  /** All of them are to be told again. */
  startOver(): void {
    this.turn += 1;
  }

  clear(): void {
    this.rows.clear();
  }

  private update(lock: ObservedLock, taken: Taken | null): LockView | null {
    const row = this.rows.use(lock);
    if (row === null) return null;
    row.view = viewOf(lock, row.identity, row.view, taken, this.clock.wall());
    row.told = this.clock.monotonic();
    row.turn = this.turn;
    if (isOut(row.view.state)) this.rows.rest(row, row.told);
    return row.view;
  }

  private get clock() {
    return this.manager.context.clock;
  }
}
