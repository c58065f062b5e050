import { constants } from "node:os";
import { systemClock, type Timer } from "../engine/time/clock.js";

import { exitCode } from "./exit.js";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** When to stop: a signal, the time that was given, nobody who reads on, or something that makes it useless. */
export class Ending {
  readonly #over = new AbortController();
  #timer: Timer | undefined;
  #failure: { readonly error: unknown } | undefined;
  readonly #stop = () => this.#over.abort();

  /** A second signal ends the process at once. */
  readonly #interrupted = (signal: NodeJS.Signals) => {
    if (this.signal.aborted) process.exit(exitCode.signalled + constants.signals[signal]);
    this.#stop();
  };

  constructor() {
    // For good: whoever gives the cursor back at the end of the process ends it where nobody else listens.
    for (const signal of signals) process.on(signal, this.#interrupted);
    process.stdout.once("error", this.#stop);
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Also after so many ms. */
  after(ms: number): void {
    this.#timer = systemClock.after(ms, this.#stop);
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop();
  }

  /** Rejects with what it failed with. */
  async over(): Promise<void> {
    if (!this.signal.aborted) {
      await new Promise((resolve) => this.signal.addEventListener("abort", resolve, { once: true }));
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  leave(): void {
    this.#timer?.cancel();
    for (const signal of signals) process.off(signal, this.#interrupted);
    process.stdout.off("error", this.#stop);
  }
}
