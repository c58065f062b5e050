import type { Beat, Frame, LockView, Step } from "../feed/frames.js";
import { diffOf } from "./value-diff.js";

/** Maximum number of processes and locks that are remembered. What is forgotten is written in full again. */
const maxSources = 1_000;
const maxLocks = 20_000;
/** Locks in one line of a beginning. */
const locksPerLine = 200;
/** Time in ms after which a process that sent nothing is left out of a beginning. */
const silenceTimeout = 300_000;

interface Source {
  readonly index: number;
  beat: Beat | null;
  seq: number;
  time: number;
  /** When its latest frame arrived. */
  at: number;
}

interface Lock {
  readonly index: number;
  view: LockView;
  step: Omit<Step, "lock"> | null;
}

/**
 * Writes frames as lines that contain only what has changed since the line before. The lines of a segment can be read
 * without the earlier segments: a segment begins with the state of that time, in lines that start with `!`.
 *
 * A line is a JSON array: the kind of frame, the source, the increase of its seq and its time, the content, and the increase
 * of the time of arrival since the line before. Sources and locks are numbers in the order in which the segment names them; a
 * new one is named in full.
 */
export class DeltaEncoder {
  private sources = new Map<string, Source>();
  private locks = new Map<string, Lock>();
  private sourceCount = 0;
  private lockCount = 0;
  /** When the frame of the last line arrived. */
  private at = 0;

  /** `at`: when the frame arrived, in epoch ms by the recorder's clock. */
  encode(frame: Frame, at: number): string {
    const line = [...this.lineOf(frame, at), at - this.at];
    this.at = at;
    return JSON.stringify(line);
  }

  /** Starts a segment: the lines of the state so far. */
  begin(): string[] {
    const [sources, locks] = [this.sources, this.locks];
    const newest = Math.max(...[...sources.values()].map(({ at }) => at));
    this.sources = new Map();
    this.locks = new Map();
    this.sourceCount = 0;
    this.lockCount = 0;
    this.at = 0;
    const views = new Map<string, LockView[]>();
    for (const { view } of locks.values()) {
      const own = views.get(view.source);
      if (own === undefined) views.set(view.source, [view]);
      else own.push(view);
    }
    const lines: string[] = [];
    const inOrder = [...sources].sort(([, one], [, other]) => one.at - other.at);
    for (const [source, { beat, seq, time, at }] of inOrder) {
      if (beat === null || newest - at > silenceTimeout) continue;
      lines.push(`!${this.encode({ ...beat, seq, time }, at)}`);
      const own = views.get(source) ?? [];
      for (let from = 0; from < own.length; from += locksPerLine) {
        const part = own.slice(from, from + locksPerLine);
        lines.push(`!${this.encode({ kind: "locks", source, seq, time, locks: part }, at)}`);
      }
    }
    return lines;
  }

  private lineOf(frame: Frame, at: number): unknown[] {
    const [name, source] = this.sourceOf(frame.source);
    const head = [name, frame.seq - source.seq, frame.time - source.time];
    source.seq = frame.seq;
    source.time = frame.time;
    source.at = at;
    switch (frame.kind) {
      case "beat": {
        const { kind: _kind, source: _source, seq: _seq, time: _time, ...content } = frame;
        const before = source.beat === null ? null : contentOf(source.beat);
        source.beat = frame;
        return ["b", ...head, diffOf(before, content)];
      }
      case "steps":
        return ["s", ...head, frame.steps.map((step) => this.stepOf(step))];
      case "locks":
        return ["l", ...head, frame.locks.map((view) => this.viewOf(view))];
      case "gone": {
        const names = frame.locks.map((id) => this.locks.get(id)?.index ?? id);
        for (const id of frame.locks) this.locks.delete(id);
        return ["g", ...head, names];
      }
      case "bye":
        for (const [id, { view }] of this.locks) if (view.source === frame.source) this.locks.delete(id);
        this.sources.delete(frame.source);
        return ["e", ...head, null];
    }
  }

  /** The source as it is named in a line, and what is known of it. */
  private sourceOf(name: string): [string | number, Source] {
    const known = this.sources.get(name);
    if (known !== undefined) return [known.index, known];
    const source: Source = { index: this.sourceCount, beat: null, seq: 0, time: 0, at: 0 };
    this.sourceCount += 1;
    this.sources.set(name, source);
    drop(this.sources, maxSources);
    return [name, source];
  }

  private viewOf(view: LockView): unknown {
    const known = this.locks.get(view.id);
    if (known === undefined) return [this.add(view).view];
    const diff = diffOf(known.view, view) as unknown[];
    known.view = view;
    return Array.isArray(diff) && diff.length === 0 ? known.index : [known.index, diff];
  }

  private stepOf({ lock, ...step }: Step): unknown[] {
    const known = this.locks.get(lock.id);
    if (known === undefined) {
      this.add(lock).step = step;
      return [lock, step];
    }
    const line = [known.index, diffOf(known.view, lock), diffOf(known.step, step)];
    known.view = lock;
    known.step = step;
    return line;
  }

  private add(view: LockView): Lock {
    const lock: Lock = { index: this.lockCount, view, step: null };
    this.lockCount += 1;
    this.locks.set(view.id, lock);
    drop(this.locks, maxLocks);
    return lock;
  }
}

function contentOf({ kind: _kind, source: _source, seq: _seq, time: _time, ...content }: Beat): object {
  return content;
}

function drop(map: Map<string, unknown>, max: number): void {
  if (map.size <= max) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}
