import { constants } from "node:os";
import type { Timer } from "../engine/time/clock.js";
import { systemClock } from "../engine/time/system-clock.js";

import { exitCode } from "./exit.js";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Decides when a command ends: at a signal, after a given time, when the reader of stdout has gone, or at a fatal
 * error.
 */
export class CommandLifetime {
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
    // Stays attached: a library that restores the cursor on exit ends the process if it finds no other listener.
    for (const signal of signals) process.on(signal, this.#interrupted);
    process.stdout.once("error", this.#stop);
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Also ends after `ms`. */
  after(ms: number): void {
    this.#timer = systemClock.after(ms, this.#stop);
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop();
  }

  /** Resolves when the command is to end. Rejects with the error passed to `fail`. */
  async ended(): Promise<void> {
    if (!this.signal.aborted) {
      await new Promise((resolve) => this.signal.addEventListener("abort", resolve, { once: true }));
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  dispose(): void {
    this.#timer?.cancel();
    for (const signal of signals) process.off(signal, this.#interrupted);
    process.stdout.off("error", this.#stop);
  }
}
