import type { Timeline } from "../timeline.js";
import type { Checker, EventName, Findings, Made } from "./checker.js";
import { automaton, type States } from "./legal.js";

/** What is heard of an acquisition can happen on some path through the lock's chart, and the lock is where it leads. */
export class History implements Checker {
  readonly name = "history";
  private readonly reached = new Map<string, States>();
  private readonly latest = new Map<object, string>();

  constructor(
    private readonly findings: Findings,
    private readonly timeline: Timeline,
  ) {}

  heard({ lock, program }: Made, event: EventName, acquisition: string): void {
    this.findings.looked();
    const { start, follow, includes, namesOf } = automaton();
    const before = this.reached.get(acquisition) ?? start;
    const after = follow(before, event);
    const whose = `${program.host.name}'s ${acquisition}`;
    this.reached.set(acquisition, after);
    this.latest.set(lock, acquisition);
    if (after === 0) return this.findings.report(`${whose} was told "${event}" in ${namesOf(before)}`);
    // Further events of the same turn are told behind this one.
    this.timeline.in(0, () => {
      const now = this.reached.get(acquisition) ?? 0;
      if (this.latest.get(lock) !== acquisition || program.host.dead || includes(now, lock.state)) return;
      this.findings.report(`${whose} is ${lock.state} after "${event}", which leads to ${namesOf(now)}`);
    });
  }
}
