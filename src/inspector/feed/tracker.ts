import type { ObservedLock } from "../../lock/observed-lock.js";
import type { LockMachineEvent } from "../../machines/lock-events.js";
import type { NodeMachineEvent } from "../../machines/node.js";
import type { NodeState } from "../../machines/node-state.js";
import type { Manager } from "../../manager/manager.js";
import type { ManagerObserver } from "../../manager/observers.js";
import { clip } from "../../support/redaction.js";
import { FlushTimer } from "./flush-timer.js";
import { FrameBroadcast, type FrameListener } from "./frame-broadcast.js";
import type { Beat, Frame, LockView, Step } from "./frames.js";
import { NodeWatch } from "./node-tracker.js";
import { RateLimiter } from "./rate-limiter.js";
import { SentViews } from "./sent-views.js";
import { StepCounts } from "./step-counts.js";

/** ms between two comparisons of what was told with the locks, while there are more steps than can be told. */
const compareEvery = 500;
/** Locks that one comparison tells anew. */
const mostCompared = 2_000;
const defaultStepsPerSecond = 1_000;

/** How many trackers each manager had: the rows of each are its own. */
const serials = new WeakMap<Manager, number>();

/**
 * Tells of one manager's locks, in frames. While nobody listens it only counts. Beyond so many steps a second it tells no
 * more of them one by one, but looks twice a second at how the locks are: of a busy process a sample is shown, which is
 * not wrong for longer than that.
 */
export class Tracker implements ManagerObserver {
  /** What it is called in its frames. */
  readonly source: string;
  private readonly errorListener: FrameBroadcast;
  private readonly sentViews: SentViews;
  private readonly stepCounts = new StepCounts();
  private readonly nodes: NodeWatch;
  private readonly rateLimiter: RateLimiter;
  private readonly flushTimer: FlushTimer;
  private readonly unwatch: () => void;
  private steps: Step[] = [];
  private missed = 0;
  /** Some step was not told, so that what was told of its lock may be wrong. */
  private dirty = false;
  /** By the monotonic clock. */
  private compared = Number.NEGATIVE_INFINITY;
  private stopped = false;

  /** `stepsPerSecond`: told one by one. Default 1,000. */
  constructor(
    private readonly manager: Manager,
    { stepsPerSecond = defaultStepsPerSecond }: { readonly stepsPerSecond?: number } = {},
  ) {
    const serial = (serials.get(manager) ?? 0) + 1;
    serials.set(manager, serial);
    this.source = serial === 1 ? manager.series : `${manager.series}.${serial}`;
    this.errorListener = new FrameBroadcast(this.source, this.clock, manager.context.onListenerError);
    this.sentViews = new SentViews(manager, this.source);
    this.nodes = new NodeWatch(manager);
    this.rateLimiter = new RateLimiter(stepsPerSecond, this.clock);
    this.flushTimer = new FlushTimer(this.clock, () => this.due());
    this.unwatch = manager.watch(this);
  }

  /** First tells all that is known. Returns the end of it. A sink that throws is reported as a listener that does. */
  listen(listener: FrameListener): () => void {
    if (this.stopped) return () => {};
    this.catchUp();
    // What is known begins with a beat.
    if (!this.errorListener.any) this.flushTimer.beats();
    const leave = this.errorListener.join(listener, this.known());
    if (!this.flushTimer.pending) this.flushTimer.next(this.steps.length > 0);
    return () => {
      leave();
      if (!this.errorListener.any) this.rest();
    };
  }

  /** A beat, and all locks as they are. */
  snapshot(): Frame[] {
    this.catchUp();
    const known = this.known();
    if (!this.errorListener.any) this.rest();
    return known;
  }

  /** How the process is. */
  beat(): Beat {
    return this.errorListener.frame(this.pulse());
  }

  /** Whether something is to be told soon. */
  get pending(): boolean {
    return this.flushTimer.pending;
  }

  /** All locks as they were told last, if that was before (by the monotonic clock); they count as told when they are taken. */
  retell(before: number): Iterable<LockView> {
    return this.sentViews.retell(before);
  }

  /** From now on all locks count as told long ago. */
  startOver(): void {
    this.sentViews.startOver();
  }

  /** Steps told one by one, a second, from now on. */
  pace(stepsPerSecond: number): void {
    this.rateLimiter.become(stepsPerSecond);
  }

  stop(): void {
    this.stopped = true;
    this.unwatch();
    this.errorListener.leave();
    this.rest();
  }

  // What the manager tells.

  lockStepped(lock: ObservedLock, event: LockMachineEvent, from: string, to: string): void {
    this.stepCounts.count(event.type, to);
    if (!this.errorListener.any) return;
    const step = this.rateLimiter.take() ? this.sentViews.note(lock, { event, from }) : null;
    if (step !== null) {
      this.steps.push(step);
    } else {
      this.missed += 1;
      this.dirty = true;
    }
    this.flushTimer.flushSoon();
  }

  nodeStepped(node: number, event: NodeMachineEvent, from: NodeState, to: NodeState): void {
    this.nodes.stepped(node, { time: this.clock.wall(), event: event.type, from, to });
    this.flushTimer.wantBeat();
    if (this.errorListener.any) this.flushTimer.flushSoon();
  }

  nodeAnswered(node: number, ms: number): void {
    if (this.errorListener.any) this.nodes.answered(node, ms);
  }

  closed(): void {
    if (this.errorListener.any) this.catchUp();
    this.errorListener.send({ kind: "bye" });
    this.stop();
  }

  private get clock() {
    return this.manager.context.clock;
  }

  private pulse() {
    const { owner, prefix } = this.manager.context;
    return {
      kind: "beat" as const,
      owner: clip(owner, 200),
      pid: process.pid,
      prefix: clip(prefix, 200),
      nodes: this.nodes.views(),
      totals: this.stepCounts.totals,
      inUse: this.manager.inUse.length,
      missed: this.missed,
    };
  }

  private known(): Frame[] {
    return [
      this.beat(),
      ...this.errorListener.frames(this.sentViews.views, (locks) => ({ kind: "locks" as const, locks })),
    ];
  }

  private tellSteps(): void {
    const { steps } = this;
    this.steps = [];
    this.errorListener.sendAll(steps, (part) => ({ kind: "steps", steps: part }));
  }

  private compare(most: number): void {
    const wrong = this.sentViews.compare(most);
    this.compared = this.clock.monotonic();
    this.dirty = wrong.length >= most;
    this.errorListener.sendAll(wrong, (locks) => ({ kind: "locks", locks }));
  }

  /** So that all that is known is as it is. */
  private catchUp(): void {
    this.tellSteps();
    this.compare(Number.POSITIVE_INFINITY);
  }

  private due(): void {
    this.rateLimiter.refill();
    this.tellSteps();
    if (this.dirty && this.clock.monotonic() - this.compared >= compareEvery) this.compare(mostCompared);
    this.errorListener.sendAll(this.sentViews.gone(), (locks) => ({ kind: "gone", locks }));
    if (this.flushTimer.beats()) this.errorListener.send(this.pulse());
    if (this.errorListener.any) this.flushTimer.next(this.dirty || this.steps.length > 0);
  }

  /** Nobody listens: nothing is kept. */
  private rest(): void {
    this.flushTimer.stop();
    this.steps = [];
    this.dirty = false;
    this.sentViews.clear();
  }
}
