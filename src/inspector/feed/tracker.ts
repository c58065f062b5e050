import { traceOf } from "../../lock/lock-traces.js";
import type { ObservedLock } from "../../lock/observed-lock.js";
import type { LockMachineEvent } from "../../machines/lock-events.js";
import type { NodeMachineEvent } from "../../machines/node-events.js";
import type { NodeState } from "../../machines/node-state.js";
import type { Manager } from "../../manager/manager.js";
import type { ManagerObserver } from "../../manager/observers.js";
import { processId } from "../../support/platform.js";
import { clip } from "../../support/redaction.js";
import { FlushTimer } from "./flush-timer.js";
import { FrameBroadcast, type FrameListener } from "./frame-broadcast.js";
import type { Beat, Frame, LockView, Step } from "./frames.js";
import { NodeTracker } from "./node-tracker.js";
import { RateLimiter } from "./rate-limiter.js";
import { SentViews } from "./sent-views.js";
import { StepCounts } from "./step-counts.js";

/**
 * Interval in ms between two comparisons of the sent views with the locks, while there are more steps than the rate
 * allows.
 */
const compareInterval = 500;
/** Maximum number of locks that one comparison sends again. */
const maxCompared = 2_000;
const defaultStepsPerSecond = 1_000;

/** The number of trackers per manager: each tracker has rows of its own. */
const serials = new WeakMap<Manager, number>();

/**
 * Reports one manager's locks as frames. Without listeners the tracker only counts. Beyond `stepsPerSecond` the
 * tracker reports no more individual steps and compares the locks twice a second instead: of a busy process listeners
 * see a sample, which is never outdated for longer than that.
 */
export class Tracker implements ManagerObserver {
  readonly isPassive = true;
  /** The manager's name in its frames. */
  readonly source: string;
  private readonly broadcast: FrameBroadcast;
  private readonly sentViews: SentViews;
  private readonly stepCounts = new StepCounts();
  private readonly nodes: NodeTracker;
  private readonly rateLimiter: RateLimiter;
  private readonly flushTimer: FlushTimer;
  private readonly stopWatching: () => void;
  private steps: Step[] = [];
  /** The beginnings of acquisitions that may be traced: an observer that traces them may be called later. */
  private untraced: { readonly step: Step; readonly lock: ObservedLock }[] = [];
  private missed = 0;
  /** Epoch ms. */
  private readonly countsSince: number;
  /** A step was not reported, so that the view of its lock may be outdated. */
  private dirty = false;
  /** When the locks were last compared, by the monotonic clock. */
  private comparedAt = Number.NEGATIVE_INFINITY;
  private stopped = false;

  /** `stepsPerSecond`: steps reported individually. Default 1,000. */
  constructor(
    private readonly manager: Manager,
    { stepsPerSecond = defaultStepsPerSecond }: { readonly stepsPerSecond?: number } = {},
  ) {
    const serial = (serials.get(manager) ?? 0) + 1;
    serials.set(manager, serial);
    this.source = serial === 1 ? manager.series : `${manager.series}.${serial}`;
    this.countsSince = this.clock.wall();
    this.broadcast = new FrameBroadcast(this.source, this.clock, manager.context.onListenerError);
    this.sentViews = new SentViews(manager, this.source);
    this.nodes = new NodeTracker(manager);
    this.rateLimiter = new RateLimiter(stepsPerSecond, this.clock);
    this.flushTimer = new FlushTimer(this.clock, () => this.flush());
    this.stopWatching = manager.watch(this);
  }

  /**
   * Adds a listener, which first receives the current state. Returns a function that removes the listener. An error
   * that the listener throws is reported like the error of an event listener.
   */
  listen(listener: FrameListener): () => void {
    if (this.stopped) return () => {};
    this.catchUp();
    // The current state begins with a beat.
    if (!this.broadcast.hasListeners) this.flushTimer.takeBeat();
    const unsubscribe = this.broadcast.add(listener, this.currentFrames());
    if (!this.flushTimer.pending) this.flushTimer.scheduleNext(this.steps.length > 0);
    return () => {
      unsubscribe();
      if (!this.broadcast.hasListeners) this.reset();
    };
  }

  /** A beat, and the current views of all locks. */
  snapshot(): Frame[] {
    this.catchUp();
    const known = this.currentFrames();
    if (!this.broadcast.hasListeners) this.reset();
    return known;
  }

  /** The manager's current beat. */
  beat(): Beat {
    return this.broadcast.frame(this.beatContent());
  }

  /** Whether a flush is scheduled because of a change. */
  get pending(): boolean {
    return this.flushTimer.pending;
  }

  /** The views that were last sent before `before` (monotonic clock). A view that is taken counts as sent. */
  resend(before: number): Iterable<LockView> {
    return this.sentViews.resend(before);
  }

  /** Makes `resend` return every lock again. */
  resendAll(): void {
    this.sentViews.resendAll();
  }

  /** Sets how many steps a second are reported individually. */
  setRate(stepsPerSecond: number): void {
    this.rateLimiter.setRate(stepsPerSecond);
  }

  stop(): void {
    this.stopped = true;
    this.stopWatching();
    this.broadcast.clear();
    this.reset();
  }

  // Called by the manager.

  lockStepped(lock: ObservedLock, event: LockMachineEvent, from: string, to: string): void {
    this.stepCounts.count(event.type, to, lock.context.reason);
    if (!this.broadcast.hasListeners) return;
    const step = this.rateLimiter.take() ? this.sentViews.recordStep(lock, { event, from }) : null;
    if (step !== null) {
      this.steps.push(step);
      if (event.type === "ACQUIRE" && step.trace === undefined) this.untraced.push({ step, lock });
    } else {
      this.missed += 1;
      this.dirty = true;
    }
    this.flushTimer.flushSoon();
  }

  nodeStepped(node: number, event: NodeMachineEvent, from: NodeState, to: NodeState): void {
    this.nodes.stepped(node, { time: this.clock.wall(), event: event.type, from, to });
    this.flushTimer.requestBeat();
    if (this.broadcast.hasListeners) this.flushTimer.flushSoon();
  }

  nodeAnswered(node: number, ms: number): void {
    if (this.broadcast.hasListeners) this.nodes.answered(node, ms);
  }

  closed(): void {
    if (this.broadcast.hasListeners) this.catchUp();
    this.broadcast.send({ kind: "bye" });
    this.stop();
  }

  private get clock() {
    return this.manager.context.clock;
  }

  private beatContent() {
    const { owner, prefix } = this.manager.context;
    return {
      kind: "beat" as const,
      owner: clip(owner, 200),
      pid: processId,
      prefix: clip(prefix, 200),
      nodes: this.nodes.views(),
      totals: this.stepCounts.totals,
      inUse: this.manager.inUse.length,
      missed: this.missed,
      since: this.countsSince,
    };
  }

  private currentFrames(): Frame[] {
    return [
      this.beat(),
      ...this.broadcast.frames(this.sentViews.views, (locks) => ({ kind: "locks" as const, locks })),
    ];
  }

  private sendSteps(): void {
    const { steps, untraced } = this;
    this.steps = [];
    this.untraced = [];
    for (const { step, lock } of untraced) {
      const trace = step.lock.acquisition === lock.context.acquisition ? traceOf(lock) : undefined;
      if (trace !== undefined) step.trace = trace;
    }
    this.broadcast.sendAll(steps, (part) => ({ kind: "steps", steps: part }));
  }

  private compare(max: number): void {
    const outdated = this.sentViews.compare(max);
    this.comparedAt = this.clock.monotonic();
    this.dirty = outdated.length >= max;
    this.broadcast.sendAll(outdated, (locks) => ({ kind: "locks", locks }));
  }

  /** Brings all views up to date. */
  private catchUp(): void {
    this.sendSteps();
    this.compare(Number.POSITIVE_INFINITY);
  }

  private flush(): void {
    this.rateLimiter.refill();
    this.sendSteps();
    if (this.dirty && this.clock.monotonic() - this.comparedAt >= compareInterval) this.compare(maxCompared);
    this.broadcast.sendAll(this.sentViews.takeGone(), (locks) => ({ kind: "gone", locks }));
    if (this.flushTimer.takeBeat()) this.broadcast.send(this.beatContent());
    if (this.broadcast.hasListeners) this.flushTimer.scheduleNext(this.dirty || this.steps.length > 0);
  }

  /** Without listeners, nothing is kept. */
  private reset(): void {
    this.flushTimer.stop();
    this.steps = [];
    this.untraced = [];
    this.dirty = false;
    this.sentViews.clear();
  }
}
