import type { Program } from "../program.js";
import type { Timeline } from "../timeline.js";
import type { Checker, Findings } from "./checker.js";

/** ms that an acquisition may take beyond its `wait`. */
const grace = 300;
/** How much longer a time may take by the slowest of clocks. */
const slowly = 1.15;

/** Who waits is served or told: every acquisition ends, and soon after its `wait` at the latest. */
export class Waiters implements Checker {
  readonly name = "waiters";
  private readonly pending = new Map<object, string>();

  constructor(
    private readonly findings: Findings,
    private readonly timeline: Timeline,
  ) {}

  /** ms by the program's clock. */
  expect<T>(program: Program, what: string, bound: number, promise: Promise<T>): Promise<T> {
    this.findings.looked();
    const { host } = program;
    const due = host.clock.monotonic() + bound + grace;
    const name = `${host.name}'s ${what}`;
    const over = () => void this.pending.delete(promise);
    this.pending.set(promise, name);
    promise.then(over, over);
    const look = () => {
      if (!this.pending.has(promise)) return;
      // A node that was still to be connected as the program froze may be asked once more afterwards, by a slow clock.
      const thawed = host.thawedAt + grace + program.plan.nodeTimeout * slowly;
      const left = Math.max(due - host.clock.monotonic(), thawed - this.timeline.now);
      if (host.dead) return over();
      if (left > 0 || host.frozen) return void this.timeline.in(Math.max(left, 50), look);
      over();
      this.findings.report(`${name} is still pending ${bound + grace} ms after it was asked for`);
    };
    this.timeline.in(bound + grace, look);
    return promise;
  }
}
