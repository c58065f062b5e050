import type { Clock, Timer } from "../engine/clock.js";

/** ms between two looks at the clocks. */
const period = 250;
/** ms that the clocks may part between two looks before the timers set by them are no longer trusted. */
const tolerance = 1;

/**
 * The one tick shared by all held leases. Timers run on the monotonic clock, which stands still while the machine is
 * suspended; when the wall clock has moved on without it, or stepped, every sleeper is woken to look again.
 */
export class Vigil {
  private readonly sleepers = new Set<() => void>();
  private timer: Timer | null = null;
  private offset = 0;

  constructor(private readonly clock: Clock) {}

  /** `wake` is called whenever the clocks have parted, until it is removed. It must not throw. */
  add(wake: () => void): void {
    this.sleepers.add(wake);
    if (this.timer !== null) return;
    this.offset = this.readOffset();
    this.arm();
  }

  remove(wake: () => void): void {
    this.sleepers.delete(wake);
    if (this.sleepers.size > 0) return;
    this.timer?.cancel();
    this.timer = null;
  }

  private arm(): void {
    this.timer = this.clock.after(period, () => this.look(), true);
  }

  private look(): void {
    this.arm();
    const offset = this.readOffset();
    if (Math.abs(offset - this.offset) <= tolerance) return;
    this.offset = offset;
    for (const wake of [...this.sleepers]) wake();
  }

  private readOffset(): number {
    return this.clock.wall() - this.clock.monotonic();
  }
}
