import type { Batch } from "../../engine/node/lock-node.js";
import { lockEvents } from "../../lock/events.js";
import type { Lock } from "../../lock/lock.js";
import type {
  Checker,
  EventName,
  EventOf,
  Findings,
  Found,
  KnownLeaseHolder,
  LeaseHolder,
  Made,
} from "./checkers/checker.js";
import { CleanUp } from "./checkers/clean-up.js";
import { Exclusion } from "./checkers/exclusion.js";
import { Fences } from "./checkers/fences.js";
import { History } from "./checkers/history.js";
import { Leftovers } from "./checkers/leftovers.js";
import { Loss } from "./checkers/loss.js";
import { Ttl } from "./checkers/ttl.js";
import { Waiters } from "./checkers/waiters.js";
import type { Program } from "./program.js";
import type { Script } from "./script.js";
import type { Timeline } from "./timeline.js";
import type { Trace } from "./trace.js";

/** Something that must not happen. */
export interface Violation {
  /** Which checker has found it. */
  readonly checker: string;
  /** ms of true time. */
  readonly time: number;
  readonly what: string;
}

/** In front of a checker's name: how often it has looked. */
const looks = "looks: ";

/** What a run has done, by kind. */
export type Counts = Record<string, number>;

/** All that is looked for in a run, and what was found. */
export class Oracle {
  readonly violations: Violation[] = [];
  readonly counts: Counts = {};
  readonly exclusion: Exclusion;
  readonly loss: Loss;
  readonly waiters: Waiters;
  readonly cleanUp: CleanUp;
  readonly ttl: Ttl;
  /** ms: the longest that anything was asked for. */
  longestTtl = 0;
  private readonly all: readonly Checker[];
  private readonly asked = new Set<string>();

  constructor(
    private readonly timeline: Timeline,
    private readonly trace: Trace,
    { faults }: Script,
  ) {
    const inBounds = faults === "inBounds";
    const by = (checker: string) => this.findingsOf(checker);
    this.exclusion = new Exclusion({
      ...by("exclusion"),
      report: (what) => (inBounds ? this.violated("exclusion", what) : this.note("overlap", what)),
    });
    this.loss = new Loss(by("loss"), timeline, inBounds);
    this.waiters = new Waiters(by("waiters"), timeline);
    this.cleanUp = new CleanUp(by("clean-up"));
    this.ttl = new Ttl(by("ttl"));
    this.all = [
      this.exclusion,
      new Fences(by("fences"), () => timeline.now, inBounds),
      this.loss,
      this.waiters,
      this.cleanUp,
      this.ttl,
      new Leftovers(by("leftovers")),
      new History(by("history"), timeline),
    ];
  }

  note(who: string, what: string, ...details: readonly (string | number)[]): void {
    this.trace.note(this.timeline.now, who, what, ...details);
  }

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** Where one checker says what it does. */
  findingsOf(checker: string): Findings {
    const name = `${looks}${checker}`;
    this.counts[name] = 0;
    return { report: (what) => this.violated(checker, what), looked: () => this.count(name) };
  }

  violated(checker: string, what: string): void {
    this.note("VIOLATION", checker, what);
    this.violations.push({ checker, time: this.timeline.now, what });
  }

  /** From now on this lock is listened to. */
  watch(program: Program, lock: Lock, calls: boolean): void {
    const made: Made = { program, lock, calls };
    for (const name of lockEvents) {
      lock.events.on(name, (event: EventOf<EventName>) => {
        if (!program.host.dead) this.hear(made, name, event);
      });
    }
  }

  begins(holder: LeaseHolder): void {
    for (const checker of this.all) checker.begins?.(holder);
  }

  sent(program: Program, { requests }: Batch): void {
    for (const { command } of requests) {
      if ("ttl" in command) this.longestTtl = Math.max(this.longestTtl, command.ttl);
      for (const checker of this.all) checker.sent?.(program, command);
      if (!("token" in command) || this.asked.has(command.token)) continue;
      this.asked.add(command.token);
      for (const checker of this.all) checker.asked?.(program, command.token);
    }
  }

  left(program: Program): void {
    for (const checker of this.all) checker.left?.(program);
  }

  settled(found: readonly Found[]): void {
    for (const checker of this.all) checker.settled?.(found);
  }

  private hear(made: Made, name: EventName, event: EventOf<EventName>): void {
    const { acquisition, resources } = event;
    this.note(made.program.host.name, name, acquisition, resources.join(","));
    this.count(name);
    if (name === "acquired") this.grant(made, event as EventOf<"acquired">);
    for (const checker of this.all) checker.heard?.(made, name, acquisition);
  }

  private grant({ program, lock, calls }: Made, event: EventOf<"acquired">): void {
    const { leaseState } = lock;
    if (leaseState === null)
      return this.violated("history", `${event.acquisition} is acquired, and holds nothing`);
    const holder: KnownLeaseHolder = {
      program,
      lock,
      calls,
      leaseState,
      name: `${program.host.name}'s ${event.acquisition}`,
      resources: event.resources,
      believes: () => leaseState.end === null && !program.host.dead && leaseState.left() > 0,
    };
    for (const checker of this.all) checker.acquired?.(holder, event);
    this.begins(holder);
  }
}
