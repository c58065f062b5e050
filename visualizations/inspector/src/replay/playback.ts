import { FrameAggregate } from "../../../../src/inspector/feed/frame-aggregate.js";
import { replayBounds } from "../model/bounds.js";
import type { Moment } from "./moments.js";

/** Maximum number of checkpoints for seeking backwards, and their minimum distance in moments. */
const maxCheckpoints = 40;
const minDistance = 250;

/** Reproduces the state after a given number of moments, in either direction. */
export class Playback {
  aggregate = new FrameAggregate(replayBounds);
  cursor = 0;
  private readonly checkpoints = new Map<number, FrameAggregate>();
  private readonly distance: number;

  constructor(private readonly moments: readonly Moment[]) {
    this.distance = Math.max(minDistance, Math.ceil(moments.length / maxCheckpoints));
  }

  /** Epoch ms of the last moment that was applied; of the first moment if none was. */
  get time(): number {
    return (this.moments[this.cursor - 1] ?? this.moments[0])?.time ?? 0;
  }

  /** Moves to a cursor: backwards from the nearest checkpoint, forwards from the current position. */
  seek(cursor: number): void {
    const goal = Math.max(0, Math.min(cursor, this.moments.length));
    const near = Math.floor(goal / this.distance) * this.distance;
    if (goal < this.cursor || near > this.cursor) this.restore(goal);
    while (this.cursor < goal) {
      const { frame, time } = this.moments[this.cursor]!;
      this.aggregate.apply(frame, time);
      this.cursor += 1;
      if (this.cursor % this.distance === 0 && !this.checkpoints.has(this.cursor)) {
        this.checkpoints.set(this.cursor, this.aggregate.copy());
      }
    }
  }

  /** The cursor after all moments up to `time` (epoch ms). */
  cursorAt(time: number): number {
    let low = 0;
    let high = this.moments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.moments[middle]!.time <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private restore(goal: number): void {
    let cursor = 0;
    for (const at of this.checkpoints.keys()) if (at <= goal && at > cursor) cursor = at;
    // The current position may be nearer.
    if (this.cursor <= goal && this.cursor >= cursor) return;
    this.aggregate = this.checkpoints.get(cursor)?.copy() ?? new FrameAggregate(replayBounds);
    this.cursor = cursor;
  }
}
