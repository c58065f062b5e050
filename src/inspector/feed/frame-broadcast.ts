import type { Clock } from "../../engine/time/clock.js";
import { isolate } from "../../support/safe-emitter.js";
import type { Frame } from "./frames.js";

export type FrameListener = (frame: Frame) => void;

/** A frame without the fields that `FrameBroadcast` adds. */
export type FrameContent<Any extends Frame = Frame> = Any extends Frame
  ? Omit<Any, "source" | "seq" | "time">
  : never;

/** Steps, locks or ids per frame. */
const itemsPerFrame = 200;

/** The listeners of one source, and the sequence numbers of its frames. */
export class FrameBroadcast {
  private listeners: readonly FrameListener[] = [];
  private seq = 0;

  constructor(
    private readonly source: string,
    private readonly clock: Clock,
    private readonly onError: (error: unknown, event: string) => void,
  ) {}

  get hasListeners(): boolean {
    return this.listeners.length > 0;
  }

  /**
   * Adds a listener: it receives the `known` frames first and then every frame. Returns a function that removes the
   * listener.
   */
  add(listener: FrameListener, known: readonly Frame[]): () => void {
    // A new function per call, so that the same listener can be added twice.
    const own: FrameListener = (frame) => listener(frame);
    this.listeners = [...this.listeners, own];
    for (const frame of known) this.deliver(own, frame);
    return () => {
      this.listeners = this.listeners.filter((other) => other !== own);
    };
  }

  send(content: FrameContent): void {
    if (!this.hasListeners) return;
    this.seq += 1;
    const frame = this.frame(content);
    for (const listener of this.listeners) this.deliver(listener, frame);
  }

  /** Splits the list over as many frames as needed; sends no frame for an empty list. */
  sendAll<T>(list: readonly T[], content: (part: T[]) => FrameContent): void {
    for (const part of parts(list)) this.send(content(part));
  }

  /** Completes a frame with the sequence number of the latest frame that was sent. */
  frame<Some extends FrameContent>(content: Some) {
    return { ...content, source: this.source, seq: this.seq, time: this.clock.wall() };
  }

  frames<T, Some extends FrameContent>(list: readonly T[], content: (part: T[]) => Some) {
    return [...parts(list)].map((part) => this.frame(content(part)));
  }

  clear(): void {
    this.listeners = [];
  }

  private deliver(listener: FrameListener, frame: Frame): void {
    isolate(() => listener(frame), "inspection", this.onError);
  }
}

function* parts<T>(all: readonly T[]): Iterable<T[]> {
  for (let from = 0; from < all.length; from += itemsPerFrame) yield all.slice(from, from + itemsPerFrame);
}
