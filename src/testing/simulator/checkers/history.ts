import type { Timeline } from "../timeline.js";
import type { Checker, CreatedLock, EventName, Findings } from "./checker.js";
import { automaton, type States } from "./legal.js";

/** The events of each acquisition follow a path through the lock's chart, and the lock is in a state at the end of it. */
export class History implements Checker {
  readonly name = "history";
  private readonly reached = new Map<string, States>();
  private readonly latest = new Map<object, string>();

  constructor(
    private readonly findings: Findings,
    private readonly timeline: Timeline,
  ) {}

  lockEvent({ lock, program }: CreatedLock, event: EventName, acquisition: string): void {
    this.findings.checked();
    const { start, follow, includes, namesOf } = automaton(lock.mode);
    const before = this.reached.get(acquisition) ?? start;
    const after = follow(before, event);
    const whose = `${program.host.name}'s ${acquisition}`;
    this.reached.set(acquisition, after);
    this.latest.set(lock, acquisition);
    if (after === 0) return this.findings.report(`${whose} emitted "${event}" in ${namesOf(before)}`);
    // The same tick may emit further events after this one.
    this.timeline.in(0, () => {
      const now = this.reached.get(acquisition) ?? 0;
      if (this.latest.get(lock) !== acquisition || program.host.dead || includes(now, lock.state)) return;
      this.findings.report(`${whose} is ${lock.state} after "${event}", which leads to ${namesOf(now)}`);
    });
  }
}
