import { type Signal, signal } from "@preact/signals";
import type { Step } from "../../../../src/inspector/feed/frames.js";
import { dwell, longestQueue, newSteps } from "../model/new-steps.js";

/** What a chart shows: the state that is lit, and the step that led to it, when there was one. */
export interface Lit {
  readonly state: string;
  readonly step: Step | null;
}

/**
 * Lights a lock's states one after the other, however close to each other its steps were: an attempt takes a
 * millisecond, and nobody would see it.
 */
export class Follower {
  readonly lit: Signal<Lit>;
  private last: Step | null = null;
  private following = false;
  private queue: Step[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(state: string) {
    this.lit = signal<Lit>({ state, step: null });
  }

  /** `history`: oldest first; `state`: what the lock is in now. */
  follow(history: readonly Step[], state: string): void {
    const steps = this.following ? newSteps(history, this.last) : null;
    this.following = true;
    this.last = history.at(-1) ?? null;
    if (steps === null) {
      this.settle(state);
      return;
    }
    this.queue = [...this.queue, ...steps].slice(-longestQueue);
    if (this.timer === undefined) this.showNext();
    // A sweep may have told of a state without the step to it.
    if (this.timer === undefined && this.lit.peek().state !== state) this.settle(state);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private settle(state: string): void {
    this.stop();
    this.queue = [];
    const step = this.last?.to === state ? this.last : null;
    this.lit.value = { state, step };
  }

  private showNext(): void {
    const step = this.queue.shift();
    if (step === undefined) return;
    this.lit.value = { state: step.to, step };
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.showNext();
    }, dwell(this.queue.length));
  }
}
