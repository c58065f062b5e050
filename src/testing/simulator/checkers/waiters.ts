import { slowClockFactor } from "../clocks.js";
import type { Program } from "../program.js";
import type { Timeline } from "../timeline.js";
import type { Checker, Findings } from "./checker.js";

/** How long an operation may take beyond its bound, in ms. */
const grace = 300;

/** Every operation settles within its bound; an acquisition, soon after its `wait` at the latest. */
export class Waiters implements Checker {
  readonly name = "waiters";
  private readonly pending = new Map<object, string>();

  constructor(
    private readonly findings: Findings,
    private readonly timeline: Timeline,
  ) {}

  /** Expects the promise to settle within `bound` ms by the program's clock. Returns the promise. */
  expect<T>(program: Program, what: string, bound: number, promise: Promise<T>): Promise<T> {
    this.findings.checked();
    const { host } = program;
    const due = host.clock.monotonic() + bound + grace;
    const name = `${host.name}'s ${what}`;
    const over = () => void this.pending.delete(promise);
    this.pending.set(promise, name);
    promise.then(over, over);
    const check = () => {
      if (!this.pending.has(promise)) return;
      // If a node was connecting when the program froze, the program may ask the node once more afterwards, by a slow clock.
      const thawed = host.thawedAt + grace + program.plan.nodeTimeout * slowClockFactor;
      const left = Math.max(due - host.clock.monotonic(), thawed - this.timeline.now);
      if (host.dead) return over();
      if (left > 0 || host.frozen) return void this.timeline.in(Math.max(left, 50), check);
      over();
      this.findings.report(`${name} is still pending ${bound + grace} ms after it was asked for`);
    };
    this.timeline.in(bound + grace, check);
    return promise;
  }
}
