import { type Clock, elapsed, type Instant, now, type Timer } from "../engine/time/clock.js";
import type { RedlockAbortSignal } from "./types.js";

/** How a lock is extended while a routine runs. */
export interface Extending {
  /** Returns ms from now to the extension of a lock that ends in `left` ms. Null: the lock is never extended. */
  readonly delay: ((left: number) => number) | null;
  /** Extends the lock. Returns ms from now to the lock's new end. */
  readonly extend: () => Promise<number>;
  /** ms after which a failed extension is repeated. Null: a failed extension is not repeated. */
  readonly retryDelay: number | null;
  /** Whether the error of an extension means that the lock is not held any more. */
  readonly isLost: (error: unknown) => boolean;
  /** Returns the reason of the abort. `error`: that of the last failed extension, or undefined. */
  readonly lossError: (error: unknown) => Error;
  /** Called once after the abort. */
  readonly onLost?: () => void;
}

/**
 * Extends a lock while a routine runs, by methods of the user's own. The signal is aborted when an extension reports that
 * the lock is lost, and at the lock's end even if no extension is answered.
 */
export class LockExtender {
  private readonly controller = new AbortController();
  private extensionTimer: Timer | null = null;
  private deadline: Timer | null = null;
  private extension: Promise<void> = Promise.resolve();
  private ended = false;
  private error: unknown;
  private since: Instant;

  /** `duration`: ms from now to the lock's end. */
  constructor(
    private readonly clock: Clock,
    private duration: number,
    private readonly extending: Extending,
  ) {
    this.since = now(clock);
    this.holdFor(duration);
  }

  get signal(): RedlockAbortSignal {
    return this.controller.signal;
  }

  /** Stops extending the lock. Resolves once an extension that is under way has settled. */
  async end(): Promise<void> {
    this.ended = true;
    this.cancelTimers();
    await this.extension;
  }

  /** ms to the lock's end. */
  private get left(): number {
    return this.duration - elapsed(this.clock, this.since);
  }

  private get isOver(): boolean {
    return this.ended || this.signal.aborted;
  }

  private holdFor(duration: number): void {
    this.cancelTimers();
    this.duration = duration;
    this.since = now(this.clock);
    this.deadline = this.clock.after(duration, () => this.lose());
    const { delay } = this.extending;
    if (delay !== null) this.extendIn(delay(duration));
  }

  private extendIn(delay: number): void {
    this.extensionTimer = this.clock.after(delay, () => {
      this.extension = this.extend();
    });
  }

  private async extend(): Promise<void> {
    try {
      const duration = await this.extending.extend();
      // After the deadline, the routine has been told that the lock is lost.
      if (!this.isOver) this.holdFor(duration);
    } catch (error) {
      if (this.isOver) return;
      this.error = error;
      const { isLost, retryDelay } = this.extending;
      if (isLost(error) || this.left <= 0) this.lose();
      else if (retryDelay !== null) this.extendIn(Math.min(retryDelay, this.left));
    }
  }

  private lose(): void {
    if (this.isOver) return;
    this.cancelTimers();
    this.signal.error = this.extending.lossError(this.error);
    this.controller.abort(this.signal.error);
    this.extending.onLost?.();
  }

  private cancelTimers(): void {
    this.extensionTimer?.cancel();
    this.deadline?.cancel();
  }
}

/**
 * Releases a lock by a method of the user's own. A failure is ignored, because the routine's own result counts and the
 * lock expires by itself.
 */
export async function releaseSafely(release: () => unknown): Promise<void> {
  try {
    await release();
  } catch {}
}
