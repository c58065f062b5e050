import type { HeldHere } from "../engine/protocol/contention.js";
import type { Clock } from "../engine/time/clock.js";
import type { Flushable, TickBatcher } from "../engine/time/tick-batcher.js";
import type { ActiveLock, ActiveLockRegistry } from "../lock/active-lock.js";
import { LinkedList } from "../support/linked-list.js";
import { ClockWatch } from "./clock-watch.js";

/** The locks that are in use, and the clock watch that they share: while a lock is in use, the clocks are watched. */
export class ActiveLocks implements ActiveLockRegistry, Flushable {
  size = 0;
  private readonly locks = new LinkedList<ActiveLock>();
  private readonly clockWatch: ClockWatch;
  private onEmpty: () => void = () => {};
  /** The locks by their keys, as of the beginning of this tick. Made when first asked for in a tick. */
  private byKey: Map<string, ActiveLock> | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly batcher: TickBatcher,
    /** Called at intervals while there are locks. */
    onUsed: () => void,
    /** Called when the first lock is added, and when none is left at the end of a tick. */
    private readonly onChange: (inUse: boolean) => void = () => {},
  ) {
    const onDiverged = () => {
      for (const lock of this.locks.toArray()) lock.clocksDiverged();
    };
    this.clockWatch = new ClockWatch(clock, onDiverged, onUsed);
  }

  flush(): void {
    if (!this.locks.empty) return;
    this.clockWatch.stop();
    this.onChange(false);
  }

  add(lock: ActiveLock): void {
    this.locks.add(lock);
    this.size++;
    if (this.clockWatch.running) return;
    this.clockWatch.start();
    this.onChange(true);
  }

  remove(lock: ActiveLock): void {
    if (lock.list === null) return;
    this.locks.remove(lock);
    this.size--;
    if (!this.locks.empty) return;
    // The watch ends at the end of the tick, because the next lock is often added in the same tick.
    this.batcher.add(this);
    this.onEmpty();
  }

  holderOf(keys: readonly string[]): HeldHere | undefined {
    const byKey = this.byKey ?? this.index();
    for (const key of keys) {
      const held = byKey.get(key)?.held ?? null;
      if (held !== null) return held;
    }
    return undefined;
  }

  /** Whether no lock is in use. */
  get empty(): boolean {
    return this.locks.empty;
  }

  toArray(): ActiveLock[] {
    return this.locks.toArray();
  }

  /** Many acquisitions may fail in one tick, and there may be many locks. */
  private index(): Map<string, ActiveLock> {
    const byKey = new Map<string, ActiveLock>();
    for (const lock of this.locks.toArray()) {
      if (lock.held !== null) for (const key of lock.keys) byKey.set(key, lock);
    }
    this.byKey = byKey;
    this.batcher.atTickEnd(() => {
      this.byKey = null;
    });
    return byKey;
  }

  /** Shuts all locks down, waits for at most `timeout` ms until they have ended, awaits `delivered()`, and stops the locks. */
  async end(timeout: number, delivered: () => Promise<void>): Promise<void> {
    const left = this.locks.toArray();
    for (const lock of left) lock.shutDown();
    if (!this.locks.empty) {
      await new Promise<void>((resolve) => {
        const timer = this.clock.after(timeout, resolve);
        this.onEmpty = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    await delivered();
    for (const lock of left) lock.stop();
  }
}
