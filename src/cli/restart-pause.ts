/** ms before the first restart; doubled with each further restart. */
const first = 500;
/** ms. A command that ran for longer is started again after the first pause. */
const longest = 30_000;

/** The pause before a command that has ended is started again. */
export class RestartPause {
  #next = first;

  /** Returns the pause in ms after a command that ran for `ran` ms. */
  after(ran: number): number {
    const pause = ran > longest ? first : this.#next;
    this.#next = Math.min(pause * 2, longest);
    return pause;
  }
}
