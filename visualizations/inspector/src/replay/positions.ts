import type { Moment } from "./moments.js";

/**
 * The positions of a replay, as numbers of moments. A cursor is at a step if the preceding moment is a step. The
 * first position is before the first step, with everything reported until then.
 */
export class Positions {
  /** The cursors right after a step, in order. */
  private readonly cursors: readonly number[];
  readonly first: number;
  readonly last: number;

  /** `lock`: counts only the steps of this lock. */
  constructor(moments: readonly Moment[], lock: string | null = null) {
    const counts = (steps: string | null) => steps !== null && (lock === null || steps === lock);
    this.cursors = moments.flatMap(({ steps }, index) => (counts(steps) ? [index + 1] : []));
    this.first = this.cursors[0] === undefined ? moments.length : this.cursors[0] - 1;
    this.last = moments.length;
  }

  get steps(): number {
    return this.cursors.length;
  }

  /** Number of steps taken at this cursor. */
  stepAt(cursor: number): number {
    let low = 0;
    let high = this.cursors.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.cursors[middle]! <= cursor) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The cursor after the given number of steps. */
  cursorOf(step: number): number {
    if (step <= 0) return this.first;
    return this.cursors[Math.min(step, this.cursors.length) - 1] ?? this.last;
  }

  next(cursor: number): number {
    return this.stepAt(cursor) === this.steps ? this.last : this.cursorOf(this.stepAt(cursor) + 1);
  }

  /** The cursor right after the previous step, whatever else was reported since. */
  previous(cursor: number): number {
    return this.cursorOf(this.stepAt(cursor) - 1);
  }
}
