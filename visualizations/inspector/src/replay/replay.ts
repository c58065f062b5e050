import { signal } from "@preact/signals";
import type { FrameAggregate } from "../../../../src/inspector/feed/frame-aggregate.js";
import type { Frame } from "../../../../src/inspector/feed/frames.js";
import { momentsOf } from "./moments.js";
import { Playback } from "./playback.js";
import { Positions } from "./positions.js";

export const speeds = [0.1, 0.25, 0.5, 1, 2, 5, 10] as const;

/** A recording that is stepped through or played. */
export class Replay {
  readonly positions: Positions;
  readonly cursor = signal(0);
  /** The recording's time in epoch ms. */
  readonly time = signal(0);
  readonly playing = signal(false);
  readonly speed = signal<number>(1);
  private readonly playback: Playback;

  constructor(frames: readonly Frame[]) {
    const moments = momentsOf(frames);
    this.playback = new Playback(moments);
    this.positions = new Positions(moments);
    this.seek(this.positions.first);
  }

  get aggregate(): FrameAggregate {
    return this.playback.aggregate;
  }

  next(): void {
    this.pause();
    this.seek(this.positions.next(this.cursor.peek()));
  }

  previous(): void {
    this.pause();
    this.seek(this.positions.previous(this.cursor.peek()));
  }

  /** Moves to the position right after the given number of steps. */
  seekStep(step: number): void {
    this.pause();
    this.seek(this.positions.cursorOf(step));
  }

  toggle(): void {
    if (this.playing.value) this.pause();
    else this.play();
  }

  private play(): void {
    if (this.cursor.peek() >= this.positions.last) this.seek(this.positions.first);
    this.playing.value = true;
    let before = performance.now();
    const frame = (now: number) => {
      if (!this.playing.peek()) return;
      this.time.value += (now - before) * this.speed.peek();
      before = now;
      const cursor = this.playback.cursorAt(this.time.peek());
      this.playback.seek(cursor);
      this.cursor.value = cursor;
      if (cursor >= this.positions.last) this.pause();
      else requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }

  private pause(): void {
    this.playing.value = false;
  }

  private seek(cursor: number): void {
    this.playback.seek(cursor);
    this.cursor.value = cursor;
    this.time.value = this.playback.time;
  }
}
