import { FrameAggregate } from "../../../../src/inspector/feed/frame-aggregate.js";
import { worldBounds } from "../model/bounds.js";
import type { Moment } from "./moments.js";

/** At most so many worlds are kept, to go back from. */
const mostCheckpoints = 40;
const leastApart = 250;

/** Shows the world as it was after so many moments, in either direction. */
export class Playback {
  aggregate = new FrameAggregate(worldBounds);
  cursor = 0;
  private readonly checkpoints = new Map<number, FrameAggregate>();
  private readonly apart: number;

  constructor(private readonly moments: readonly Moment[]) {
    this.apart = Math.max(leastApart, Math.ceil(moments.length / mostCheckpoints));
  }

  /** Epoch ms of the last moment that was shown; of the first one, when none was. */
  get time(): number {
    return (this.moments[this.cursor - 1] ?? this.moments[0])?.time ?? 0;
  }

  /** Goes there: back by the nearest checkpoint, forward from where it is. */
  seek(cursor: number): void {
    const goal = Math.max(0, Math.min(cursor, this.moments.length));
    const near = Math.floor(goal / this.apart) * this.apart;
    if (goal < this.cursor || near > this.cursor) this.restore(goal);
    while (this.cursor < goal) {
      const { frame, time } = this.moments[this.cursor]!;
      this.aggregate.apply(frame, time);
      this.cursor += 1;
      if (this.cursor % this.apart === 0 && !this.checkpoints.has(this.cursor)) {
        this.checkpoints.set(this.cursor, this.aggregate.copy());
      }
    }
  }

  /** The cursor after all that was told until then. `time`: epoch ms. */
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
    // From where it is may be nearer.
    if (this.cursor <= goal && this.cursor >= cursor) return;
    this.aggregate = this.checkpoints.get(cursor)?.copy() ?? new FrameAggregate(worldBounds);
    this.cursor = cursor;
  }
}
