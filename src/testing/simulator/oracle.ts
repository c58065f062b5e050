import type { Batch } from "../../engine/node/lock-node.js";
import { lockEvents } from "../../lock/events.js";
import type { Lock } from "../../lock/lock.js";
import { Assignment } from "./checkers/assignment.js";
import type {
  Checker,
  CreatedLock,
  EventName,
  EventOf,
  Findings,
  Found,
  KnownLeaseHolder,
  LeaseHolder,
} from "./checkers/checker.js";
import { CleanUp } from "./checkers/clean-up.js";
import { Exclusion } from "./checkers/exclusion.js";
import { Fences } from "./checkers/fences.js";
import { History } from "./checkers/history.js";
import { Leftovers } from "./checkers/leftovers.js";
import { Loss } from "./checkers/loss.js";
import { MinimumHold } from "./checkers/minimum-hold.js";
import { Ttl } from "./checkers/ttl.js";
import { Waiters } from "./checkers/waiters.js";
import type { Counts, Violation } from "./outcome.js";
import type { Program } from "./program.js";
import type { Script } from "./script.js";
import type { Timeline } from "./timeline.js";
import type { Trace } from "./trace.js";

/** Prefix of a checker's name in the counts: how often the checker has checked. */
const checksPrefix = "looks: ";

/** The checkers of a run, and the violations that they found. */
export class Oracle {
  readonly violations: Violation[] = [];
  readonly counts: Counts = {};
  readonly exclusion: Exclusion;
  readonly loss: Loss;
  readonly waiters: Waiters;
  readonly cleanUp: CleanUp;
  readonly ttl: Ttl;
  /** Null without groups. */
  readonly assignment: Assignment | null;
  /** The longest TTL requested so far, in ms. */
  longestTtl = 0;
  private readonly checkers: readonly Checker[];
  private readonly usedTokens = new Set<string>();

  constructor(
    private readonly timeline: Timeline,
    private readonly trace: Trace,
    { faults, otherGroup }: Script,
  ) {
    const inBounds = faults !== "beyond";
    const by = (checker: string) => this.findingsOf(checker);
    this.exclusion = new Exclusion({
      ...by("exclusion"),
      report: (what) => (inBounds ? this.violated("exclusion", what) : this.note("overlap", what)),
    });
    this.loss = new Loss(by("loss"), timeline, inBounds);
    this.waiters = new Waiters(by("waiters"), timeline);
    this.cleanUp = new CleanUp(by("clean-up"));
    this.ttl = new Ttl(by("ttl"));
    this.assignment = otherGroup === undefined ? null : new Assignment(by("groups"));
    this.checkers = [
      this.exclusion,
      new Fences(by("fences"), () => timeline.now, inBounds),
      this.loss,
      this.waiters,
      this.cleanUp,
      this.ttl,
      new Leftovers(by("leftovers")),
      new History(by("history"), timeline),
      ...(inBounds
        ? [
            new MinimumHold(
              () => by("minimum hold"),
              () => timeline.now,
            ),
          ]
        : []),
    ];
  }

  note(who: string, what: string, ...details: readonly (string | number)[]): void {
    this.trace.note(this.timeline.now, who, what, ...details);
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** Creates what a checker reports to. */
  findingsOf(checker: string): Findings {
    const name = `${checksPrefix}${checker}`;
    this.counts[name] = 0;
    return { report: (what) => this.violated(checker, what), checked: () => this.count(name) };
  }

  violated(checker: string, what: string): void {
    this.note("VIOLATION", checker, what);
    this.violations.push({ checker, time: this.timeline.now, what });
  }

  /** Observes the events of a lock. */
  watch(program: Program, lock: Lock, expectsOnLost: boolean): void {
    const created: CreatedLock = { program, lock, expectsOnLost };
    for (const name of lockEvents) {
      lock.events.on(name, (event: EventOf<EventName>) => {
        if (!program.host.dead) this.hear(created, name, event);
      });
    }
  }

  leaseBegan(holder: LeaseHolder): void {
    for (const checker of this.checkers) checker.leaseBegan?.(holder);
  }

  sent(program: Program, { requests }: Batch): void {
    for (const { command } of requests) {
      if (command.op === "renewEach") this.count("renewed together");
      if ("ttl" in command) this.longestTtl = Math.max(this.longestTtl, command.ttl);
      for (const checker of this.checkers) checker.sent?.(program, command);
      if (!("token" in command) || this.usedTokens.has(command.token)) continue;
      this.usedTokens.add(command.token);
      for (const checker of this.checkers) checker.tokenUsed?.(program, command.token);
    }
  }

  closed(program: Program): void {
    for (const checker of this.checkers) checker.closed?.(program);
  }

  quiet(found: readonly Found[]): void {
    for (const checker of this.checkers) checker.quiet?.(found);
  }

  private hear(created: CreatedLock, name: EventName, event: EventOf<EventName>): void {
    const { acquisition, resources } = event;
    this.note(created.program.host.name, name, acquisition, resources.join(","));
    this.count(name);
    if (name === "acquired") this.grant(created, event as EventOf<"acquired">);
    for (const checker of this.checkers) checker.lockEvent?.(created, name, acquisition);
  }

  private grant({ program, lock, expectsOnLost }: CreatedLock, event: EventOf<"acquired">): void {
    const { leaseState } = lock;
    if (leaseState === null)
      return this.violated("history", `${event.acquisition} was acquired, but the lock holds no lease`);
    const holder: KnownLeaseHolder = {
      program,
      lock,
      expectsOnLost,
      leaseState,
      name: `${program.host.name}'s ${event.acquisition}`,
      resources: event.resources,
      believes: () => leaseState.end === null && !program.host.dead && leaseState.left() > 0,
    };
    for (const checker of this.checkers) checker.acquired?.(holder, event);
    this.leaseBegan(holder);
  }
}
