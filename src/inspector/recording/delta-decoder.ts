import type { Beat, Frame, LockView, Step } from "../feed/frames.js";
import { type ArrivedFrame, EstimatedArrivals } from "./arrivals.js";
import { patched } from "./value-diff.js";

/** A line that no encoder writes. */
export class LineError extends Error {
  override get name(): string {
    return "LineError";
  }
}

interface Source {
  readonly name: string;
  beat: object | null;
  seq: number;
  time: number;
}

interface Lock {
  view: LockView;
  step: Omit<Step, "lock"> | null;
}

/** A frame of a recording. */
export interface DecodedFrame extends ArrivedFrame {
  /** Unchecked: a file may contain anything. */
  readonly frame: Frame;
  /** It repeats the state with which a segment begins. */
  readonly repeated: boolean;
}

/**
 * Reads the lines of one segment that `DeltaEncoder` wrote. The frames are not checked: who reads a foreign file must
 * do so, and never patches anything but what it has read.
 */
export class DeltaDecoder {
  private readonly sources: Source[] = [];
  private readonly locks: Lock[] = [];
  private readonly estimated: EstimatedArrivals;
  private at = 0;

  /** `from`: epoch ms of the segment's beginning by the recorder's clock. */
  constructor(private readonly from: number) {
    this.estimated = new EstimatedArrivals(from);
  }

  /** @throws LineError */
  decode(line: string): DecodedFrame {
    const repeated = line.startsWith("!");
    try {
      const parts: unknown = JSON.parse(repeated ? line.slice(1) : line);
      const frame = this.frameOf(parts);
      return { frame, at: this.arrivalOf(parts, frame, repeated), repeated };
    } catch (error) {
      throw error instanceof LineError ? error : new LineError("it is not what a recording contains");
    }
  }

  private arrivalOf(line: unknown, frame: Frame, repeated: boolean): number {
    const increase = (line as readonly unknown[])[5];
    // Earlier versions did not write it.
    if (increase === undefined) return repeated ? this.from : this.estimated.of(frame);
    this.at += increase as number;
    // The range of a Date.
    if (typeof increase !== "number" || !(Math.abs(this.at) <= 8.64e15))
      throw new LineError("it does not say when it arrived");
    return this.at;
  }

  private frameOf(line: unknown): Frame {
    if (!Array.isArray(line)) throw new LineError("it is no list");
    const [kind, name, seqIncrease, timeIncrease, content] = line as [
      string,
      unknown,
      number,
      number,
      unknown,
    ];
    const source = this.sourceOf(name);
    source.seq += seqIncrease;
    source.time += timeIncrease;
    const head = { source: source.name, seq: source.seq, time: source.time };
    switch (kind) {
      case "b": {
        const beat = patched(source.beat, content) as object;
        source.beat = beat;
        return { kind: "beat", ...head, ...beat } as Beat;
      }
      case "s":
        return { kind: "steps", ...head, steps: listOf(content).map((step) => this.stepOf(step)) };
      case "l":
        return { kind: "locks", ...head, locks: listOf(content).map((view) => this.viewOf(view)) };
      case "g":
        return { kind: "gone", ...head, locks: listOf(content).map((id) => this.idOf(id)) };
      case "e":
        return { kind: "bye", ...head };
      default:
        throw new LineError("it is of an unknown kind");
    }
  }

  private sourceOf(name: unknown): Source {
    if (typeof name === "string") {
      const source: Source = { name, beat: null, seq: 0, time: 0 };
      this.sources.push(source);
      return source;
    }
    return knownOf(this.sources, name);
  }

  private viewOf(entry: unknown): LockView {
    if (typeof entry === "number") return knownOf(this.locks, entry).view;
    const [which, diff] = listOf(entry);
    if (typeof which !== "number") return this.add(which).view;
    const lock = knownOf(this.locks, which);
    lock.view = patched(lock.view, diff) as LockView;
    return lock.view;
  }

  private stepOf(entry: unknown): Step {
    const [which, change, stepChange] = listOf(entry);
    if (typeof which !== "number") {
      const lock = this.add(which);
      lock.step = change as Omit<Step, "lock">;
      return { ...lock.step, lock: lock.view };
    }
    const lock = knownOf(this.locks, which);
    lock.view = patched(lock.view, change) as LockView;
    lock.step = patched(lock.step, stepChange) as Omit<Step, "lock">;
    return { ...lock.step, lock: lock.view };
  }

  private idOf(entry: unknown): string {
    return typeof entry === "number" ? knownOf(this.locks, entry).view.id : (entry as string);
  }

  private add(view: unknown): Lock {
    const lock: Lock = { view: view as LockView, step: null };
    this.locks.push(lock);
    return lock;
  }
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new LineError("it contains no list");
  return value;
}

function knownOf<T>(all: readonly T[], index: unknown): T {
  const known = all[index as number];
  if (known === undefined) throw new LineError("it refers to nothing that came before");
  return known;
}
