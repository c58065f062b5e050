import { nextTick, onExit } from "../../support/platform.js";

/** What has something to send. */
export interface Flushable {
  flush(): void;
}

/** Turns in which something has not departed yet. */
const unflushed = new Set<TickBatcher>();
let exiting = false;
let hooked = false;

/**
 * No tick follows the "exit" event of the process. What is to be sent by then departs in it, and what is asked for by
 * listeners that run later departs at once: sockets take it as long as the client writes synchronously.
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
 * A turn of the event loop: all that runs until something is awaited from outside. What is to be sent in one turn
 * leaves at its end, together; nothing is held back for longer.
 */
export class TickBatcher {
  private pending: Flushable[] = [];

  /** `grouped`: false sends everything by itself, at once. */
  constructor(private readonly batching: boolean) {}

  /** Lets it depart at the end of this turn. */
  add(one: Flushable): void {
    if (this.batching && !exiting) this.keep(one);
    else one.flush();
  }

  /** Calls back at the end of this turn, also where everything else is sent at once; now if the process is ending. */
  atTickEnd(callback: () => void): void {
    if (exiting) callback();
    else this.keep({ flush: callback });
  }

  private keep(one: Flushable): void {
    if (this.pending.push(one) > 1) return;
    hookExit();
    unflushed.add(this);
    // Ticks run when no promise is left to run, those that were settled meanwhile included.
    queueMicrotask(() => nextTick(this.flush));
  }

  /** Calls back when all that was added so far has departed. */
  whenFlushed(callback: () => void): void {
    this.add({ flush: callback });
  }

  readonly flush = (): void => {
    const { pending } = this;
    this.pending = [];
    unflushed.delete(this);
    for (const one of pending) one.flush();
  };
}
