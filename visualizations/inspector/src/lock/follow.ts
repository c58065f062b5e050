import { type Signal, signal } from "@preact/signals";
import type { Step } from "../../../../src/inspector/feed/frames.js";
import { highlightMs, maxQueueLength, newSteps } from "../model/new-steps.js";

/** What a chart highlights: a state, and the step that led to it if it was observed. */
export interface Highlight {
  readonly state: string;
  readonly step: Step | null;
}

/**
 * Highlights a lock's states one after the other, even if its steps follow each other closely: an attempt takes a
 * millisecond and would not be seen.
 */
export class StepFollower {
  readonly lit: Signal<Highlight>;
  private last: Step | null = null;
  private following = false;
  private queue: Step[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(state: string) {
    this.lit = signal<Highlight>({ state, step: null });
  }

  /** `history`: oldest first; `state`: the lock's current state. */
  follow(history: readonly Step[], state: string): void {
    const steps = this.following ? newSteps(history, this.last) : null;
    this.following = true;
    this.last = history.at(-1) ?? null;
    if (steps === null) {
      this.show(state);
      return;
    }
    this.queue = [...this.queue, ...steps].slice(-maxQueueLength);
    if (this.timer === undefined) this.showNext();
    // A frame may report a state without the step to it.
    if (this.timer === undefined && this.lit.peek().state !== state) this.show(state);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private show(state: string): void {
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
    }, highlightMs(this.queue.length));
  }
}
