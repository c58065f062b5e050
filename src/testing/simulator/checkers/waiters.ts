import type { Program } from "../program.js";
import type { Timeline } from "../timeline.js";
import type { Checker, Findings } from "./checker.js";

/** ms that an acquisition may take beyond its `wait`. */
const grace = 300;

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
      const left = Math.max(due - host.clock.monotonic(), host.thawedAt + grace - this.timeline.now);
      if (host.dead) return over();
      if (left > 0 || host.frozen) return void this.timeline.in(Math.max(left, 50), look);
      over();
      this.findings.report(`${name} is still pending ${bound + grace} ms after it was asked for`);
    };
    this.timeline.in(bound + grace, look);
    return promise;
  }
}
