import { type Signal, signal } from "@preact/signals";
import type { Step } from "../../../../src/inspector/feed/frames.js";
import { highlightMs, maxQueueLength, newSteps } from "../model/new-steps.js";

/** What the page shows of a lock: a state, and the step that led to it if it was observed. */
export interface Highlight {
  readonly state: string;
  readonly step: Step | null;
}

interface Queued {
  readonly step: Step;
  /** Epoch ms by the observer's clock. */
  readonly arrived: number;
}

/** Time in ms by which the page may be behind; beyond it the page shows the current state. */
const maxBehind = 3_000;

/**
 * The one clock of a lock's page, which the chart and the badge follow: it shows the lock's states one after the other,
 * even if its steps follow each other closely, because an attempt takes a millisecond and would not be seen.
 */
export class StepFollower {
  readonly lit: Signal<Highlight>;
  /** When the next step arrived that is not shown yet, in epoch ms; null if the newest state is shown. */
  readonly waitingSince = signal<number | null>(null);
  private last: Step | null = null;
  private following = false;
  private queue: Queued[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private state: string;

  /** `isHidden`: nobody looks at the page, and the browser slows down its timers. */
  constructor(
    state: string,
    private readonly isHidden = () => false,
  ) {
    this.state = state;
    this.lit = signal<Highlight>({ state, step: null });
  }

  /** `history`: oldest first; `state`: the lock's current state. */
  follow(history: readonly Step[], state: string): void {
    const steps = this.following && !this.isHidden() ? newSteps(history, this.last) : null;
    this.following = true;
    this.last = history.at(-1) ?? null;
    this.state = state;
    if (steps === null) {
      this.jump();
      return;
    }
    const arrived = Date.now();
    this.queue = [...this.queue, ...steps.map((step) => ({ step, arrived }))].slice(-maxQueueLength);
    if (this.timer === undefined) this.showNext();
    // A frame may report a state without the step to it.
    if (this.timer === undefined && this.lit.peek().state !== state) this.jump();
    this.note();
  }

  /** Shows the current state at once. */
  jump(): void {
    this.stop();
    this.queue = [];
    const step = this.last?.to === this.state ? this.last : null;
    this.lit.value = { state: this.state, step };
    this.note();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private showNext(): void {
    const next = this.queue.shift();
    this.note();
    if (next === undefined) {
      if (this.lit.peek().state !== this.state) this.jump();
      return;
    }
    if (Date.now() - next.arrived > maxBehind) return this.jump();
    this.lit.value = { state: next.step.to, step: next.step };
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.showNext();
    }, highlightMs(this.queue.length));
  }

  private note(): void {
    this.waitingSince.value = this.queue[0]?.arrived ?? null;
  }
}
