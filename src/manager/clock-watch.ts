import type { Clock, Timer } from "../engine/time/clock.js";

/** ms between two checks of the clocks. */
const period = 250;
/** ms by which the clocks may diverge between two checks before the timers that depend on them are no longer trusted. */
const tolerance = 1;

/**
 * Detects that the wall clock and the monotonic clock have diverged. Timers run on the monotonic clock, which stops while
 * the machine is suspended; the wall clock advances meanwhile, and can be set. The check does not keep the process alive.
 */
export class ClockWatch {
  running = false;
  private timer: Timer | null = null;
  private offset = 0;

  constructor(
    private readonly clock: Clock,
    private readonly onDiverged: () => void,
    /** Called when the watch starts, and with each check. */
    private readonly onCheck: () => void,
  ) {}

  start(): void {
    this.running = true;
    this.offset = this.readOffset();
    this.arm();
    this.onCheck();
  }

  stop(): void {
    this.running = false;
    this.timer?.cancel();
  }

  private arm(): void {
    this.timer = this.clock.after(period, () => this.checkClocks(), true);
  }

  private checkClocks(): void {
    this.arm();
    this.onCheck();
    const offset = this.readOffset();
    if (Math.abs(offset - this.offset) <= tolerance) return;
    this.offset = offset;
    this.onDiverged();
  }

  private readOffset(): number {
    return this.clock.wall() - this.clock.monotonic();
  }
}
