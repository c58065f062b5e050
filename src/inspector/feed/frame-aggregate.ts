import { frameSizeOf } from "./frame-size.js";
import type { Beat, Frame, LockView, Step } from "./frames.js";
import { lagAfter } from "./lag.js";
import { NodeActivities } from "./node-activity.js";

/** A manager of locks in some process, as far as its frames describe it. */
export interface SourceView {
  readonly beat: Beat;
  /**
   * When its last beat arrived: epoch ms by the observer's clock. An observer that has just joined learns it from another
   * one.
   */
  readonly receivedAt: number;
  /**
   * By how many ms the process's clock is behind the observer's clock, including the transit time of a frame: the
   * minimum since one of the clocks was set.
   */
  readonly lag: number;
  /**
   * Epoch ms by the process's clock up to which everything has arrived that it has sent: the time of the beat before the
   * last one, because what is sent together with a beat may arrive after it. -Infinity before the second beat.
   */
  readonly completeUntil: number;
  readonly closed: boolean;
}

export interface AggregateBounds {
  /** Maximum number of processes; frames of further processes are ignored. Default 1,000. */
  readonly sources?: number;
  /** Maximum number of locks; beyond it the lock that was updated longest ago is dropped. Default 20,000. */
  readonly locks?: number;
  /** Maximum number of steps kept, of all locks together. Default 20,000. */
  readonly steps?: number;
  /** Maximum number of steps kept of one lock. Default 200. */
  readonly stepsOfLock?: number;
  /**
   * Approximate maximum number of characters of all locks, and of all steps. Default 40,000,000, enough for as many
   * usual locks and steps as the other bounds allow.
   */
  readonly size?: number;
}

/** Is told what happens to an aggregate. */
export interface Detector {
  /** Called after the frame was applied. */
  frame(frame: Frame): void;
  /** `before`: undefined if the lock is new. `step`: null if only the state was reported. */
  lockChanged(before: LockView | undefined, lock: LockView, step: Step | null): void;
  lockDropped(lock: LockView): void;
  sourceEnded(source: string): void;
  /** `now`: epoch ms by the observer's clock. */
  checkSilence(now: number): void;
}

/**
 * The locks of all processes, as far as their frames describe them. Pure bookkeeping for a page, a server or a
 * terminal: the aggregate reads no clock and accepts the frames of different sources in any order.
 */
export class FrameAggregate {
  readonly sources = new Map<string, SourceView>();
  readonly locks = new Map<string, LockView>();
  nodeActivities = new NodeActivities();
  private readonly histories = new Map<string, Step[]>();
  /** The steps in the order in which they are dropped; null for a step that was dropped already. */
  private readonly order: (Step | null)[] = [];
  private dropped = 0;
  /** Approximate characters of the locks, and of the steps that are still kept. */
  private size = { locks: 0, steps: 0 };
  protected readonly bounds: Required<AggregateBounds>;
  protected readonly detector: Detector | null = null;

  constructor({
    sources = 1_000,
    locks = 20_000,
    steps = 20_000,
    stepsOfLock = 200,
    size = 40_000_000,
  }: AggregateBounds = {}) {
    this.bounds = { sources, locks, steps, stepsOfLock, size };
  }

  /** `now`: epoch ms by the observer's clock. Returns the ids of the locks that changed or were removed. */
  apply(frame: Frame, now: number): readonly string[] {
    this.checkSilence(now);
    if (!this.accept(frame, now)) return [];
    const changed = this.applyContent(frame);
    this.detector?.frame(frame);
    return changed;
  }

  /** Notes which processes are silent. `now`: epoch ms by the observer's clock. */
  checkSilence(now: number): void {
    this.detector?.checkSilence(now);
  }

  private applyContent(frame: Frame): readonly string[] {
    const { source } = frame;
    switch (frame.kind) {
      case "beat":
        this.nodeActivities.addBeat(frame);
        return [];
      case "steps":
        return frame.steps.filter((step) => this.applyStep(step, source)).map(({ lock }) => lock.id);
      case "locks":
        return frame.locks.filter((lock) => this.put(lock, source, null)).map(({ id }) => id);
      case "gone":
        return frame.locks.filter((id) => this.locks.get(id)?.source === source && this.drop(id));
      case "bye":
        return this.dropOf(new Set([source]));
    }
  }

  /** The steps of one lock that are kept, oldest first. */
  history(id: string): readonly Step[] {
    return this.histories.get(id) ?? [];
  }

  /** The steps of all locks that are kept, also of locks that are gone, in the order in which they arrived. */
  *keptSteps(): Generator<Step> {
    for (const step of this.order) if (step !== null) yield step;
  }

  /** Removes processes whose last beat arrived before `receivedBefore` (epoch ms). Returns the ids of their locks. */
  removeSilent(receivedBefore: number): readonly string[] {
    const silent = new Set<string>();
    for (const [source, { receivedAt }] of this.sources) if (receivedAt < receivedBefore) silent.add(source);
    return silent.size === 0 ? [] : this.removeSources(silent);
  }

  /** Removes one process, whose next beat adds the process again. Returns the ids of its locks. */
  removeSource(source: string): readonly string[] {
    return this.removeSources(new Set([source]));
  }

  /**
   * Frames that reproduce this aggregate, without the histories, in another one. With `now` (epoch ms by the
   * observer's clock) the frames after a beat carry the process's current time, so that the receiver learns the offset of
   * the process's clock, and how old the beat is; without `now` they carry the original times.
   */
  snapshot(now?: number): Frame[] {
    const frames: Frame[] = [];
    const locks = new Map<string, LockView[]>();
    for (const lock of this.locks.values()) {
      const own = locks.get(lock.source);
      if (own === undefined) locks.set(lock.source, [lock]);
      else own.push(lock);
    }
    for (const [source, { beat, closed, lag }] of this.sources) {
      const { seq } = beat;
      const time = now === undefined ? beat.time : now - lag;
      const nodes = beat.nodes.map((node) => {
        const { steps } = this.nodeActivities.of(source, node.name);
        return steps.length === 0 ? node : { ...node, steps: [...steps] };
      });
      frames.push({ ...beat, nodes });
      const own = locks.get(source) ?? [];
      // A list without locks tells the time, too.
      for (let from = 0; from < own.length || (from === 0 && now !== undefined); from += locksPerFrame) {
        frames.push({ kind: "locks", source, seq, time, locks: own.slice(from, from + locksPerFrame) });
      }
      if (closed) frames.push({ kind: "bye", source, seq, time });
    }
    return frames;
  }

  /** An independent copy, to return to later. */
  copy(): FrameAggregate {
    const copy = new FrameAggregate(this.bounds);
    this.copyTo(copy);
    return copy;
  }

  protected copyTo(copy: FrameAggregate): void {
    for (const [id, source] of this.sources) copy.sources.set(id, source);
    for (const [id, lock] of this.locks) copy.locks.set(id, lock);
    for (const [id, steps] of this.histories) copy.histories.set(id, [...steps]);
    for (const step of this.order.slice(this.dropped)) copy.order.push(step);
    copy.nodeActivities = this.nodeActivities.copy();
    copy.size = { ...this.size };
  }

  /** Returns false for a frame to ignore: a process counts from its first beat until its end. */
  private accept(frame: Frame, now: number): boolean {
    const known = this.sources.get(frame.source);
    const beat = frame.kind === "beat" ? withoutSteps(frame) : known?.beat;
    // State from before the first beat is sent again later. A frame after the end arrived late.
    if (beat === undefined || known?.closed === true) return false;
    if (known === undefined && this.sources.size >= this.bounds.sources) return false;
    const lag = lagAfter(known?.lag, now - frame.time);
    const completeUntil =
      known === undefined
        ? Number.NEGATIVE_INFINITY
        : frame.kind === "beat"
          ? known.beat.time
          : known.completeUntil;
    this.sources.set(frame.source, {
      beat,
      receivedAt: frame.kind === "beat" || known === undefined ? now : receivedAtOf(known, lag),
      lag,
      completeUntil,
      closed: frame.kind === "bye",
    });
    return true;
  }

  private applyStep(step: Step, source: string): boolean {
    const applied = this.put(step.lock, source, step);
    if (applied) {
      this.addToHistory(step);
      this.nodeActivities.addStep(step);
    }
    return applied;
  }

  /** Returns false if the lock belongs to another process. */
  private put(lock: LockView, source: string, step: Step | null): boolean {
    const known = this.locks.get(lock.id);
    if (lock.source !== source || (known !== undefined && known.source !== source)) return false;
    // Moves the lock to the end: the first lock is the one that was updated longest ago.
    this.locks.delete(lock.id);
    this.locks.set(lock.id, lock);
    this.detector?.lockChanged(known, lock, step);
    this.size.locks += frameSizeOf(lock) - (known === undefined ? 0 : frameSizeOf(known));
    for (const oldest of this.locks.keys()) {
      if (this.locks.size <= this.bounds.locks && this.size.locks <= this.bounds.size) break;
      this.drop(oldest);
    }
    return true;
  }

  private addToHistory(step: Step): void {
    const { id } = step.lock;
    const history = this.histories.get(id) ?? [];
    this.histories.set(id, history);
    history.push(step);
    if (history.length > this.bounds.stepsOfLock) history.shift();
    this.order.push(step);
    this.size.steps += frameSizeOf(step.lock);
    const { steps, size } = this.bounds;
    while (this.order.length - this.dropped > steps || this.size.steps > size) this.dropOldestStep();
  }

  private dropOldestStep(): void {
    const step = this.order[this.dropped] ?? null;
    this.order[this.dropped] = null;
    this.dropped += 1;
    if (step !== null) this.dropStep(step);
    if (this.dropped < 10_000) return;
    this.order.splice(0, this.dropped);
    this.dropped = 0;
  }

  private dropStep(step: Step): void {
    const { id } = step.lock;
    this.size.steps -= frameSizeOf(step.lock);
    const history = this.histories.get(id);
    if (history?.[0] !== step) return;
    history.shift();
    if (history.length === 0) this.histories.delete(id);
  }

  private removeSources(sources: ReadonlySet<string>): string[] {
    const gone = this.dropOf(sources);
    for (const source of sources) {
      this.sources.delete(source);
      this.nodeActivities.removeSource(source);
      this.detector?.sourceEnded(source);
    }
    return gone;
  }

  private dropOf(sources: ReadonlySet<string>): string[] {
    const own = [...this.locks.values()].filter(({ source }) => sources.has(source)).map(({ id }) => id);
    for (const id of own) this.drop(id);
    return own;
  }

  private drop(id: string): boolean {
    const lock = this.locks.get(id);
    if (lock !== undefined) {
      this.size.locks -= frameSizeOf(lock);
      this.detector?.lockDropped(lock);
    }
    this.histories.delete(id);
    return this.locks.delete(id);
  }
}

/**
 * When the last beat arrived. The first beat may be an old one, of a snapshot: the frame after it, which tells the process's
 * time, shows how old it is.
 */
const receivedAtOf = ({ beat, completeUntil, receivedAt }: SourceView, lag: number): number =>
  completeUntil === Number.NEGATIVE_INFINITY ? Math.min(receivedAt, beat.time + lag) : receivedAt;

/** The earlier steps of the nodes are collected elsewhere. */
function withoutSteps(beat: Beat): Beat {
  if (beat.nodes.every(({ steps }) => steps === undefined)) return beat;
  return { ...beat, nodes: beat.nodes.map(({ steps: _, ...node }) => node) };
}

/** Locks per frame. */
const locksPerFrame = 200;
