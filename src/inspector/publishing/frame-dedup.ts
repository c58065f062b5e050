import type { Clock } from "../../engine/time/clock.js";
import type { Frame } from "../feed/frames.js";

/** Processes, and locks of all of them together; further ones are not heard of. */
const mostSources = 1_000;
const mostLocks = 20_000;
/** ms that a process which said nothing is remembered. */
const forgotten = 60_000;
/** ms after which a lock that its process does not tell of any more is gone: each is told again every few seconds. */
const stale = 60_000;

interface Source {
  /** Of the latest frame. */
  seq: number;
  /** By our monotonic clock: when that was heard, and each lock. */
  heard: number;
  readonly locks: Map<string, number>;
}

/**
 * What is heard over several nodes at once, each frame but once, and none that is older than what was heard already. What
 * was lost on the way is made good: a lock whose end was not heard of does not stay for ever.
 */
export class FrameDedup {
  private readonly sources = new Map<string, Source>();
  private locks = 0;

  constructor(private readonly clock: Clock) {}

  /** Whether it is news. */
  isNews(frame: Frame): boolean {
    const now = this.clock.monotonic();
    const source = this.sources.get(frame.source) ?? this.meet(frame.source, now);
    if (source === null || frame.seq <= source.seq) return false;
    source.seq = frame.seq;
    source.heard = now;
    if (frame.kind === "locks") for (const { id } of frame.locks) this.note(source, id, now);
    if (frame.kind === "steps") for (const { lock } of frame.steps) this.note(source, lock.id, now);
    if (frame.kind === "gone") for (const id of frame.locks) this.drop(source, id);
    if (frame.kind === "bye") this.forgetLocks(source);
    return true;
  }

  /** To be called every few seconds. Returns what is to be taken as heard. */
  tidy(): Frame[] {
    const now = this.clock.monotonic();
    const frames: Frame[] = [];
    for (const [name, source] of this.sources) {
      if (now - source.heard > forgotten) {
        this.forgetLocks(source);
        this.sources.delete(name);
        continue;
      }
      const gone = [...source.locks]
        .flatMap(([id, heard]) => (now - heard > stale ? id : []))
        .slice(0, 1_000);
      for (const id of gone) this.drop(source, id);
      const { seq } = source;
      if (gone.length > 0)
        frames.push({ kind: "gone", source: name, seq, time: this.clock.wall(), locks: gone });
    }
    return frames;
  }

  get sizes(): { readonly sources: number; readonly locks: number } {
    return { sources: this.sources.size, locks: this.locks };
  }

  private meet(name: string, now: number): Source | null {
    if (this.sources.size >= mostSources) return null;
    const source: Source = { seq: -1, heard: now, locks: new Map() };
    this.sources.set(name, source);
    return source;
  }

  private note(source: Source, id: string, now: number): void {
    const known = source.locks.has(id);
    if (!known && this.locks >= mostLocks) return;
    if (!known) this.locks += 1;
    source.locks.set(id, now);
  }

  private drop(source: Source, id: string): void {
    if (source.locks.delete(id)) this.locks -= 1;
  }

  private forgetLocks(source: Source): void {
    this.locks -= source.locks.size;
    source.locks.clear();
  }
}
