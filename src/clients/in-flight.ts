import { LostError, messageOf } from "./failure.js";

/**
 * The calls of one connection that are not answered yet. Clients keep such calls over a reconnection, some for ever:
 * here they end with the connection, so that what is resent behind our back never counts as an answer.
 */
export class InFlight {
  readonly #calls = new Set<(error: Error) => void>();
  #unwatch = () => {};

  /** `watch` is called when there are calls to lose, and what it returns when there are none any more. */
  constructor(private readonly watch: (lose: (cause?: unknown) => void) => () => void) {}

  /** Sends now. `onLost` is called when the connection went before the answer came. */
  add(send: () => Promise<unknown>, onLost?: () => void): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const lose = (error: Error) => {
        reject(error);
        onLost?.();
      };
      // First the watch, then the call: a client may lose the connection while it writes.
      if (this.#calls.size === 0) this.#unwatch = this.watch((cause) => this.#lose(cause));
      this.#calls.add(lose);
      const settle = () => {
        if (this.#calls.delete(lose) && this.#calls.size === 0) this.#unwatch();
      };
      const refuse = (error: unknown) => {
        settle();
        reject(error);
      };
      try {
        Promise.resolve(send()).then((value) => {
          settle();
          resolve(value);
        }, refuse);
      } catch (error) {
        refuse(error);
      }
    });
  }

  #lose(cause: unknown): void {
    const calls = [...this.#calls];
    if (calls.length === 0) return;
    this.#calls.clear();
    this.#unwatch();
    const why = cause === undefined ? "before the answer" : `(${messageOf(cause)})`;
    for (const lose of calls) lose(new LostError(`connection lost ${why}`));
  }
}
