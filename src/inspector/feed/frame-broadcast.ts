import type { Clock } from "../../engine/time/clock.js";
import { isolate } from "../../support/safe-emitter.js";
import type { Frame } from "./frames.js";

export type FrameListener = (frame: Frame) => void;

/** A frame without its head. */
export type FrameContent<Any extends Frame = Frame> = Any extends Frame
  ? Omit<Any, "source" | "seq" | "time">
  : never;

/** Steps, locks or ids told in one frame. */
const perFrame = 200;

/** Those who listen, and the numbers of the frames that they hear. */
export class FrameBroadcast {
  private listeners: readonly FrameListener[] = [];
  private seq = 0;

  constructor(
    private readonly source: string,
    private readonly clock: Clock,
    private readonly onError: (error: unknown, event: string) => void,
  ) {}

  get any(): boolean {
    return this.listeners.length > 0;
  }

  /** Tells what is known, and from then on all. Returns the removal. */
  join(listener: FrameListener, known: readonly Frame[]): () => void {
    // A function of its own, so that the same sink may listen twice.
    const own: FrameListener = (frame) => listener(frame);
    this.listeners = [...this.listeners, own];
    for (const frame of known) this.tell(own, frame);
    return () => {
      this.listeners = this.listeners.filter((other) => other !== own);
    };
  }

  send(content: FrameContent): void {
    if (!this.any) return;
    this.seq += 1;
    const frame = this.frame(content);
    for (const listener of this.listeners) this.tell(listener, frame);
  }

  /** As many frames as it takes; none for an empty list. */
  sendAll<T>(list: readonly T[], content: (part: T[]) => FrameContent): void {
    for (const part of parts(list)) this.send(content(part));
  }

  /** With the number of what was told last. */
  frame<Some extends FrameContent>(content: Some) {
    return { ...content, source: this.source, seq: this.seq, time: this.clock.wall() };
  }

  frames<T, Some extends FrameContent>(list: readonly T[], content: (part: T[]) => Some) {
    return [...parts(list)].map((part) => this.frame(content(part)));
  }

  leave(): void {
    this.listeners = [];
  }

  private tell(listener: FrameListener, frame: Frame): void {
    isolate(() => listener(frame), "inspection", this.onError);
  }
}

function* parts<T>(all: readonly T[]): Iterable<T[]> {
  for (let from = 0; from < all.length; from += perFrame) yield all.slice(from, from + perFrame);
}
