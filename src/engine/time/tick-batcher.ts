import { afterJobs, nextTick, onExit } from "../../support/platform.js";

/** An object that has something to send. */
export interface Flushable {
  flush(): void;
}

/** Batchers with entries that are not flushed yet. */
const unflushed = new Set<TickBatcher>();
let exiting = false;
let hooked = false;

/**
 * No tick follows the "exit" event of the process. So pending entries are flushed in that event, and entries that later
 * listeners add are flushed at once: sockets accept data as long as the client writes synchronously.
 */
function hookExit(): void {
  if (hooked) return;
  hooked = true;
  onExit(() => {
    exiting = true;
    for (const batcher of unflushed) batcher.flush();
  });
}

/**
 * Collects what is to be sent in one tick of the event loop, which is all code that runs before the loop waits for
 * outside events. The entries of one tick are flushed together at its end; nothing is held back for longer.
 */
export class TickBatcher {
  private pending: Flushable[] = [];
  /** Entries that are flushed after `pending`. */
  private pendingLast: Flushable[] = [];

  /** `batching`: false flushes every entry by itself, at once. */
  constructor(private readonly batching: boolean) {}

  /** Flushes the entry at the end of this tick. */
  add(entry: Flushable): void {
    if (this.batching && !exiting) this.enqueue(entry);
    else entry.flush();
  }

  /** Flushes the entry at the end of this tick, after those that were added by `add`. */
  addLast(entry: Flushable): void {
    if (!this.batching || exiting) return entry.flush();
    this.pendingLast.push(entry);
    this.schedule();
  }

  /** Calls back at the end of this tick, even if entries are flushed at once; immediately if the process is exiting. */
  atTickEnd(callback: () => void): void {
    if (exiting) callback();
    else this.enqueue({ flush: callback });
  }

  private enqueue(entry: Flushable): void {
    this.pending.push(entry);
    this.schedule();
  }

  private schedule(): void {
    if (this.pending.length + this.pendingLast.length > 1) return;
    hookExit();
    unflushed.add(this);
    // A tick runs when no promise job is left, including those of promises that settle in the meantime.
    afterJobs(this.flushNextTick);
  }

  /** Calls back when everything that was added so far has been flushed. */
  whenFlushed(callback: () => void): void {
    this.add({ flush: callback });
  }

  private readonly flushNextTick = (): void => nextTick(this.flush);

  readonly flush = (): void => {
    const { pending, pendingLast } = this;
    this.pending = [];
    this.pendingLast = [];
    unflushed.delete(this);
    for (const entry of pending) entry.flush();
    for (const entry of pendingLast) entry.flush();
  };
}
