import type { Timeline } from "../timeline.js";
import type { Checker, CreatedLock, Findings, KnownLeaseHolder } from "./checker.js";

/** How late a timer may fire, in ms by the holder's clocks. */
const lateness = 5;
/** How late a loss may be noticed after a clock step, in ms: the interval of the clock check, plus some for a slow clock. */
const detectionTime = 300;

/**
 * Loss is reported by the deadline: once the holder's own clocks are past the end of a lease, and as soon as the
 * holder's timers can run, the lease has ended, `onLost` was called and the signal is aborted. A lost lease stays lost.
 */
export class Loss implements Checker {
  readonly name = "loss";
  private readonly holders = new Map<object, KnownLeaseHolder>();
  private readonly notified = new Set<string>();

  constructor(
    private readonly findings: Findings,
    private readonly timeline: Timeline,
    /** Whether the two clocks of a holder drift apart only slowly. */
    private readonly together: boolean,
  ) {}

  acquired(holder: KnownLeaseHolder): void {
    this.findings.checked();
    this.holders.set(holder.lock, holder);
    if (!holder.believes()) this.findings.report(`${holder.name} was over when it was granted`);
    this.watch(holder);
  }

  /** The `onLost` callback was called. */
  onLostCalled(acquisition: string): void {
    this.notified.add(acquisition);
  }

  lockEvent({ lock }: CreatedLock, name: string, acquisition: string): void {
    if (name !== "expired") return;
    const holder = this.holders.get(lock);
    if (holder === undefined || holder.leaseState.end === "released") return;
    // The other notifications may follow within the same tick.
    this.timeline.in(0, () => {
      if (holder.program.host.dead) return;
      if (holder.expectsOnLost && !this.notified.has(acquisition))
        this.findings.report(`${holder.name} expired, and onLost was not called`);
      if (!holder.leaseState.signal.aborted)
        this.findings.report(`${holder.name} expired, and its signal is not aborted`);
    });
  }

  private watch(holder: KnownLeaseHolder): void {
    const { leaseState, program, name } = holder;
    const { host } = program;
    let over = Number.NEGATIVE_INFINITY;
    const next = (delay: number) => void this.timeline.in(delay, again);
    const again = () => {
      if (host.dead || leaseState.end !== null) return;
      const left = leaseState.left();
      if (left > 0) {
        if (over > host.steppedAt) return this.findings.report(`${name} was over, and is held again`);
        return next(Math.min(left * 1.01 + lateness + 2, 30_000));
      }
      over = this.timeline.now;
      if (host.frozen) return next(10);
      const awake = this.timeline.now - Math.max(host.thawedAt, host.steppedAt);
      if (awake < detectionTime) return next(detectionTime - awake + 1);
      if (-left > (this.together ? lateness : detectionTime))
        return this.findings.report(
          `${name} ended ${Math.ceil(-left)} ms ago, and its loss was not reported`,
        );
      next(lateness);
    };
    again();
  }
}
