/** What has something to send. */
export interface Departing {
  depart(): void;
}

/** Turns in which something has not departed yet. */
const undeparted = new Set<Turn>();
let exiting = false;
let hooked = false;

/**
 * No tick follows the "exit" event of the process. What is to be sent by then departs in it, and what is asked for by
 * listeners that run later departs at once: sockets take it as long as the client writes synchronously.
 */
function hookExit(): void {
  if (hooked) return;
  hooked = true;
  process.prependOnceListener("exit", () => {
    exiting = true;
    for (const turn of undeparted) turn.end();
  });
}

/**
 * A turn of the event loop: all that runs until something is awaited from outside. What is to be sent in one turn
 * leaves at its end, together; nothing is held back for longer.
 */
export class Turn {
  private departing: Departing[] = [];

  /** `grouped`: false sends everything by itself, at once. */
  constructor(private readonly grouped: boolean) {}

  /** Lets it depart at the end of this turn. */
  add(one: Departing): void {
    if (this.grouped && !exiting) this.keep(one);
    else one.depart();
  }

  /** Calls back at the end of this turn, also where everything else is sent at once; now if the process is ending. */
  atEnd(callback: () => void): void {
    if (exiting) callback();
    else this.keep({ depart: callback });
  }

  private keep(one: Departing): void {
    if (this.departing.push(one) > 1) return;
    hookExit();
    undeparted.add(this);
    // Ticks run when no promise is left to run, those that were settled meanwhile included.
    queueMicrotask(() => process.nextTick(this.end));
  }

  /** Calls back when all that was added so far has departed. */
  whenDeparted(callback: () => void): void {
    this.add({ depart: callback });
  }

  readonly end = (): void => {
    const { departing } = this;
    this.departing = [];
    undeparted.delete(this);
    for (const one of departing) one.depart();
  };
}
