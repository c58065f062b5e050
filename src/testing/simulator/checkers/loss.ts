import type { Timeline } from "../timeline.js";
import type { Checker, Findings, LeaseTenant, Made } from "./checker.js";

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
  private readonly tenants = new Map<object, LeaseTenant>();
  private readonly told = new Set<string>();

  constructor(
    private readonly findings: Findings,
    private readonly timeline: Timeline,
    /** Whether a holder's own clocks part slowly at the most. */
    private readonly together: boolean,
  ) {}

  acquired(tenant: LeaseTenant): void {
    this.findings.looked();
    this.tenants.set(tenant.lock, tenant);
    if (!tenant.believes()) this.findings.report(`${tenant.name} was over when it was granted`);
    this.watch(tenant);
  }

  /** The user's own callback. */
  called(acquisition: string): void {
    this.told.add(acquisition);
  }

  heard({ lock }: Made, name: string, acquisition: string): void {
    if (name !== "expired") return;
    const tenant = this.tenants.get(lock);
    if (tenant === undefined || tenant.hold.end === "released") return;
    // Everybody else may be told within the same turn.
    this.timeline.in(0, () => {
      if (tenant.program.host.dead) return;
      if (tenant.calls && !this.told.has(acquisition))
        this.findings.report(`${tenant.name} expired, and onLost was not called`);
      if (!tenant.hold.signal.aborted)
        this.findings.report(`${tenant.name} expired, and its signal is not aborted`);
    });
  }

  private watch(tenant: LeaseTenant): void {
    const { hold, program, name } = tenant;
    const { host } = program;
    let over = Number.NEGATIVE_INFINITY;
    const next = (delay: number) => void this.timeline.in(delay, again);
    const again = () => {
      if (host.dead || hold.end !== null) return;
      const left = hold.left();
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
