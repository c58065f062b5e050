import type { Timeline } from "../timeline.js";
import type { Checker, Findings, KnownLeaseHolder, Made } from "./checker.js";

/** ms that timers may be late, by the holder's clocks. */
const lateness = 5;
/** ms between two looks at the clocks, and some for a clock that runs slowly: for deadlines that moved because a clock was stepped. */
const look = 300;

/**
 * Loss is told by the deadline: once the holder's own clocks say that a lease is over it is known to be over, the
 * listener has been called and the signal is aborted, as soon as the holder's timers can run. And over is over.
 */
export class Loss implements Checker {
  readonly name = "loss";
  private readonly holders = new Map<object, KnownLeaseHolder>();
  private readonly told = new Set<string>();

  constructor(
    private readonly findings: Findings,
    private readonly timeline: Timeline,
    /** Whether a holder's own clocks part slowly at the most. */
    private readonly together: boolean,
  ) {}

  acquired(holder: KnownLeaseHolder): void {
    this.findings.looked();
    this.holders.set(holder.lock, holder);
    if (!holder.believes()) this.findings.report(`${holder.name} was over when it was granted`);
    this.watch(holder);
  }

  /** The user's own callback. */
  called(acquisition: string): void {
    this.told.add(acquisition);
  }

  heard({ lock }: Made, name: string, acquisition: string): void {
    if (name !== "expired") return;
    const holder = this.holders.get(lock);
    if (holder === undefined || holder.leaseState.end === "released") return;
    // Everybody else may be told within the same turn.
    this.timeline.in(0, () => {
      if (holder.program.host.dead) return;
      if (holder.calls && !this.told.has(acquisition))
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
      if (awake < look) return next(look - awake + 1);
      if (-left > (this.together ? lateness : look))
        return this.findings.report(`${name} is over for ${Math.ceil(-left)} ms, and nobody was told`);
      next(lateness);
    };
    again();
  }
}
