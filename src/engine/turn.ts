/** What has something to send. */
export interface Departing {
  depart(): void;
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
    if (!this.grouped) return one.depart();
    // Ticks run when no promise is left to run, those that were settled meanwhile included.
    if (this.departing.push(one) === 1) queueMicrotask(() => process.nextTick(this.end));
  }

  private readonly end = (): void => {
    const departing = this.departing;
    this.departing = [];
    for (const one of departing) one.depart();
  };
}
