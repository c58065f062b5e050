import type { Clock } from "../../engine/time/clock.js";
import type { Frame } from "../feed/frames.js";

/**
 * Maximum number of processes, and of locks of all processes together. Frames of further processes are ignored;
 * further locks do not go stale.
 */
const maxSources = 1_000;
const maxLocks = 20_000;
/** Time in ms after which a process that sent nothing is removed. */
const sourceTimeout = 60_000;
/**
 * Time in ms after which a lock that its process no longer reports counts as gone. Each lock is sent again every few
 * seconds.
 */
const lockTimeout = 60_000;

interface Source {
  /** Sequence number of the latest frame. */
  seq: number;
  /** Epoch ms of the latest frame by the process's clock. */
  time: number;
  /** When the latest frame arrived, and the latest report of each lock, by the local monotonic clock. */
  receivedAt: number;
  readonly locks: Map<string, number>;
}

/**
 * Removes duplicates from frames that arrive over several nodes: each frame passes once, and none that is older than
 * one that has passed. A lock whose end was lost on the way is removed after a while.
 */
export class FrameDedup {
  private readonly sources = new Map<string, Source>();
  private locks = 0;

  constructor(private readonly clock: Clock) {}

  /** Whether the frame is new. */
  isNew(frame: Frame): boolean {
    const now = this.clock.monotonic();
    const source = this.sources.get(frame.source) ?? this.addSource(frame.source, now);
    if (source === null || frame.seq <= source.seq) return false;
    source.seq = frame.seq;
    source.time = frame.time;
    source.receivedAt = now;
    if (frame.kind === "locks") for (const { id } of frame.locks) this.touch(source, id, now);
    if (frame.kind === "steps") for (const { lock } of frame.steps) this.touch(source, lock.id, now);
    if (frame.kind === "gone") for (const id of frame.locks) this.removeLock(source, id);
    if (frame.kind === "bye") this.removeLocks(source);
    return true;
  }

  /** Must be called every few seconds. Returns frames to process as if they had been received. */
  tidy(): Frame[] {
    const now = this.clock.monotonic();
    const frames: Frame[] = [];
    for (const [name, source] of this.sources) {
      if (now - source.receivedAt > sourceTimeout) {
        this.removeLocks(source);
        this.sources.delete(name);
        continue;
      }
      const gone = [...source.locks]
        .flatMap(([id, reportedAt]) => (now - reportedAt > lockTimeout ? id : []))
        .slice(0, 1_000);
      for (const id of gone) this.removeLock(source, id);
      if (gone.length === 0) continue;
      // As if the process had sent it now: another time would tell that its clock was set.
      const time = source.time + (now - source.receivedAt);
      frames.push({ kind: "gone", source: name, seq: source.seq, time, locks: gone });
    }
    return frames;
  }

  get sizes(): { readonly sources: number; readonly locks: number } {
    return { sources: this.sources.size, locks: this.locks };
  }

  private addSource(name: string, now: number): Source | null {
    if (this.sources.size >= maxSources) return null;
    const source: Source = { seq: -1, time: 0, receivedAt: now, locks: new Map() };
    this.sources.set(name, source);
    return source;
  }

  private touch(source: Source, id: string, now: number): void {
    const known = source.locks.has(id);
    if (!known && this.locks >= maxLocks) return;
    if (!known) this.locks += 1;
    source.locks.set(id, now);
  }

  private removeLock(source: Source, id: string): void {
    if (source.locks.delete(id)) this.locks -= 1;
  }

  private removeLocks(source: Source): void {
    this.locks -= source.locks.size;
    source.locks.clear();
  }
}
