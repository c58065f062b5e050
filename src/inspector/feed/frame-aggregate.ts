import { frameSizeOf } from "./frame-size.js";
import type { Beat, Frame, LockView, Step } from "./frames.js";

/** A process that tells of its locks. */
export interface SourceView {
  readonly beat: Beat;
  /** Epoch ms by the clock of whoever looks on. */
  readonly heard: number;
  /**
   * ms that the process's clock is behind that of whoever looks on, with the way of a frame: the least that was seen since
   * one of the clocks was set.
   */
  readonly lag: number;
  readonly closed: boolean;
}

export interface AggregateBounds {
  /** Processes; further ones are not heard. */
  readonly sources?: number;
  /** Locks; beyond that the one that was heard of longest ago goes. */
  readonly locks?: number;
  /** Steps remembered, of all locks together. */
  readonly steps?: number;
  /** Steps remembered of one lock. */
  readonly stepsOfLock?: number;
  /** Characters, about, of all locks, and of all steps: of usual ones there is room for as many as that. */
  readonly weight?: number;
}

/**
 * The locks of all processes, as far as their frames tell. Pure bookkeeping, for a page, a server or a terminal: it
 * reads no clock, and takes frames in any order of their sources.
 */
export class FrameAggregate {
  readonly sources = new Map<string, SourceView>();
  readonly locks = new Map<string, LockView>();
  private readonly histories = new Map<string, Step[]>();
  /** Which step is to be forgotten next, unless its lock's history has let it go already. */
  private readonly order: (Step | null)[] = [];
  private forgotten = 0;
  /** Of the locks, and of the steps that are not forgotten yet. */
  private weight = { locks: 0, steps: 0 };
  private readonly bounds: Required<AggregateBounds>;

  constructor({
    sources = 1_000,
    locks = 20_000,
    steps = 20_000,
    stepsOfLock = 200,
    weight = 40_000_000,
  }: AggregateBounds = {}) {
    this.bounds = { sources, locks, steps, stepsOfLock, weight };
  }

  /** `now`: epoch ms by the clock of whoever looks on. Returns the ids of the locks that changed or went. */
  apply(frame: Frame, now: number): readonly string[] {
    if (!this.hear(frame, now)) return [];
    const { source } = frame;
    switch (frame.kind) {
      case "beat":
        return [];
      case "steps":
        return frame.steps.filter((step) => this.take(step, source)).map(({ lock }) => lock.id);
      case "locks":
        return frame.locks.filter((lock) => this.put(lock, source)).map(({ id }) => id);
      case "gone":
        return frame.locks.filter((id) => this.locks.get(id)?.source === source && this.drop(id));
      case "bye":
        return this.dropOf(new Set([source]));
    }
  }

  /** The remembered steps of one lock, oldest first. */
  history(id: string): readonly Step[] {
    return this.histories.get(id) ?? [];
  }

  /** Forgets processes that were not heard of since; returns the ids of their locks. */
  forget(heardBefore: number): readonly string[] {
    const silent = new Set<string>();
    for (const [source, { heard }] of this.sources) if (heard < heardBefore) silent.add(source);
    for (const source of silent) this.sources.delete(source);
    return silent.size === 0 ? [] : this.dropOf(silent);
  }

  /** Forgets that process; returns the ids of its locks. It may come again. */
  forgetOne(source: string): readonly string[] {
    this.sources.delete(source);
    return this.dropOf(new Set([source]));
  }

  /**
   * All of it, for another one: without the histories. `now`, epoch ms by the clock of whoever looks on: then each
   * process's time is told as it is by now, so that the other one learns how far its clock is off; else as it was.
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
      frames.push({ ...beat, time });
      const own = locks.get(source) ?? [];
      for (let from = 0; from < own.length; from += lockFrame) {
        frames.push({ kind: "locks", source, seq, time, locks: own.slice(from, from + lockFrame) });
      }
      if (closed) frames.push({ kind: "bye", source, seq, time });
    }
    return frames;
  }

  /** Another one that goes its own way from here: to come back to. */
  copy(): FrameAggregate {
    const copy = new FrameAggregate(this.bounds);
    for (const [id, source] of this.sources) copy.sources.set(id, source);
    for (const [id, lock] of this.locks) copy.locks.set(id, lock);
    for (const [id, steps] of this.histories) copy.histories.set(id, [...steps]);
    for (const step of this.order.slice(this.forgotten)) copy.order.push(step);
    copy.weight = { ...this.weight };
    return copy;
  }

  /** False for what is to be ignored: a process is heard from its first beat to its end. */
  private hear(frame: Frame, now: number): boolean {
    const known = this.sources.get(frame.source);
    const beat = frame.kind === "beat" ? frame : known?.beat;
    // What was told before the first beat is told again. What comes after the end was late.
    if (beat === undefined || known?.closed === true) return false;
    if (known === undefined && this.sources.size >= this.bounds.sources) return false;
    const late = now - frame.time;
    const lag = known === undefined || late > known.lag + longestWay ? late : Math.min(known.lag, late);
    this.sources.set(frame.source, { beat, heard: now, lag, closed: frame.kind === "bye" });
    return true;
  }

  private take(step: Step, source: string): boolean {
    const taken = this.put(step.lock, source);
    if (taken) this.remember(step);
    return taken;
  }

  /** False where a process speaks of what is another one's. */
  private put(lock: LockView, source: string): boolean {
    const known = this.locks.get(lock.id);
    if (lock.source !== source || (known !== undefined && known.source !== source)) return false;
    // To the end: the first one is the one that was heard of longest ago.
    this.locks.delete(lock.id);
    this.locks.set(lock.id, lock);
    this.weight.locks += frameSizeOf(lock) - (known === undefined ? 0 : frameSizeOf(known));
    for (const oldest of this.locks.keys()) {
      if (this.locks.size <= this.bounds.locks && this.weight.locks <= this.bounds.weight) break;
      this.drop(oldest);
    }
    return true;
  }

  private remember(step: Step): void {
    const { id } = step.lock;
    const history = this.histories.get(id) ?? [];
    this.histories.set(id, history);
    history.push(step);
    if (history.length > this.bounds.stepsOfLock) history.shift();
    this.order.push(step);
    this.weight.steps += frameSizeOf(step.lock);
    const { steps, weight } = this.bounds;
    while (this.order.length - this.forgotten > steps || this.weight.steps > weight) this.forgetOldest();
  }

  private forgetOldest(): void {
    const step = this.order[this.forgotten] ?? null;
    this.order[this.forgotten] = null;
    this.forgotten += 1;
    if (step !== null) this.forgetStep(step);
    if (this.forgotten < 10_000) return;
    this.order.splice(0, this.forgotten);
    this.forgotten = 0;
  }

  private forgetStep(step: Step): void {
    const { id } = step.lock;
    this.weight.steps -= frameSizeOf(step.lock);
    const history = this.histories.get(id);
    if (history?.[0] !== step) return;
    history.shift();
    if (history.length === 0) this.histories.delete(id);
  }

  private dropOf(sources: ReadonlySet<string>): string[] {
    const own = [...this.locks.values()].filter(({ source }) => sources.has(source)).map(({ id }) => id);
    for (const id of own) this.drop(id);
    return own;
  }

  private drop(id: string): boolean {
    const lock = this.locks.get(id);
    if (lock !== undefined) this.weight.locks -= frameSizeOf(lock);
    this.histories.delete(id);
    return this.locks.delete(id);
  }
}

/** ms that no frame is on its way for: one that is as late tells that a clock was set. */
const longestWay = 5_000;
/** Locks told in one frame. */
const lockFrame = 200;
