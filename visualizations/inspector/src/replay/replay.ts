import { signal } from "@preact/signals";
import type { FrameAggregate } from "../../../../src/inspector/feed/frame-aggregate.js";
import { momentsOf } from "./moments.js";
import { Playback } from "./playback.js";
import { Positions } from "./positions.js";
import type { Window } from "./window.js";

export const speeds = [0.1, 0.25, 0.5, 1, 2, 5, 10, 60] as const;

/** The moments of a window, and the state at each of them. */
class Loaded {
  readonly playback: Playback;
  readonly positions: Positions;
  private readonly moments;
  private own: { readonly lock: string; readonly positions: Positions } | null = null;

  constructor(readonly window: Window) {
    this.moments = momentsOf(window.frames);
    this.playback = new Playback(this.moments);
    this.positions = new Positions(this.moments);
  }

  /** Of one lock, or of all. */
  positionsOf(lock: string | null): Positions {
    if (lock === null) return this.positions;
    if (this.own?.lock !== lock) this.own = { lock, positions: new Positions(this.moments, lock) };
    return this.own.positions;
  }
}

/** The past, of which one window is loaded at a time, that is stepped through or played. */
export class Replay {
  readonly cursor = signal(0);
  /** The time that is shown, in epoch ms. */
  readonly time = signal(0);
  readonly playing = signal(false);
  readonly speed = signal<number>(1);
  /** The lock whose steps are stepped through; null for those of all. */
  readonly lock = signal<string | null>(null);
  private loaded: Loaded;
  private loading: Promise<void> | null = null;

  /** `load`: the window around a time. `nextFrame`: calls back with the next frame of the screen. */
  constructor(
    window: Window,
    private readonly load: (at: number) => Promise<Window> = async () => window,
    private readonly nextFrame: (callback: (now: number) => void) => unknown = () => {},
  ) {
    this.loaded = new Loaded(window);
    this.seek(this.loaded.positions.first);
  }

  get aggregate(): FrameAggregate {
    return this.loaded.playback.aggregate;
  }

  get positions(): Positions {
    return this.loaded.positionsOf(this.lock.value);
  }

  /** Whether the window is all that there is. */
  get isWhole(): boolean {
    return this.loaded.window.first && this.loaded.window.last;
  }

  next(): void {
    this.pause();
    const goal = this.positions.next(this.cursor.peek());
    const { last, to } = this.loaded.window;
    if (goal === this.cursor.peek() && !last)
      return void this.open(to + 1, (loaded) => loaded.positions.first);
    this.seek(goal);
  }

  previous(): void {
    this.pause();
    const goal = this.positions.previous(this.cursor.peek());
    const { first, from } = this.loaded.window;
    if (goal === this.cursor.peek() && !first)
      return void this.open(from - 1, (loaded) => loaded.positions.last);
    this.seek(goal);
  }

  /** Moves to the position right after the given number of steps. */
  seekStep(step: number): void {
    this.pause();
    this.seek(this.positions.cursorOf(step));
  }

  /** Shows the state at a time. Resolves when it is shown. */
  async seekTime(time: number): Promise<void> {
    const { from, to, first, last } = this.loaded.window;
    if ((time < from && !first) || (time > to && !last)) await this.open(time, null);
    this.showTime(time);
  }

  toggle(): void {
    if (this.playing.value) this.pause();
    else this.play();
  }

  pause(): void {
    this.playing.value = false;
  }

  private showTime(time: number): void {
    const { playback } = this.loaded;
    const cursor = playback.cursorAt(time);
    playback.seek(cursor);
    this.cursor.value = cursor;
    this.time.value = time;
  }

  private play(): void {
    const { positions, window } = this.loaded;
    if (this.cursor.peek() >= positions.last && window.last) this.seek(positions.first);
    this.playing.value = true;
    let before = performance.now();
    const frame = (now: number) => {
      if (!this.playing.peek()) return;
      const time = this.time.peek() + (now - before) * this.speed.peek();
      before = now;
      const { window, positions } = this.loaded;
      if (time <= window.to || window.last) this.showTime(time);
      else if (this.loading === null) void this.open(window.to + 1, null);
      if (this.cursor.peek() >= positions.last && window.last) this.pause();
      else this.nextFrame(frame);
    };
    this.nextFrame(frame);
  }

  /** Loads another window. `cursorIn`: where to go; null to stay at the time. */
  private open(at: number, cursorIn: ((loaded: Loaded) => number) | null): Promise<void> {
    this.loading ??= this.load(at)
      .then((window) => {
        this.loaded = new Loaded(window);
        if (cursorIn !== null) this.seek(cursorIn(this.loaded));
        else this.showTime(Math.max(this.time.peek(), window.from));
      })
      .catch(() => this.pause())
      .finally(() => {
        this.loading = null;
      });
    return this.loading;
  }

  private seek(cursor: number): void {
    const { playback } = this.loaded;
    playback.seek(cursor);
    this.cursor.value = cursor;
    this.time.value = playback.time;
  }
}
