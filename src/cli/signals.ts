import { constants } from "node:os";
import { exitCode } from "./exit.js";

/** Passed on to the command as they come. SIGCONT: somebody may have stopped the command's group. */
const passed = [
  "SIGINT",
  "SIGTERM",
  "SIGHUP",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
  "SIGCONT",
] as const satisfies readonly NodeJS.Signals[];

/** These end a wait for the lock. */
const ending: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** The terminal sends these to everybody in front of it, so to the command as well. */
const fromTerminal: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT", "SIGWINCH"];

/** A signal came before there was a command to pass it to. */
export class Interrupted extends Error {
  readonly exitCode: number;
  constructor(readonly signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.exitCode = exitCode.signalled + constants.signals[signal];
  }
}

/** Catches what is sent to `holdfast`, from the beginning to the end of the run. */
export class SignalRelay {
  readonly #interrupt = new AbortController();
  #deliver: ((signal: NodeJS.Signals) => void) | undefined;

  /** `onSuspend`: Ctrl-Z. A suspended `holdfast` could not renew, so it does not suspend itself. */
  constructor(foreground: boolean, onSuspend: () => void) {
    const sharesTerminal = foreground && process.stdin.isTTY === true;
    for (const signal of passed) {
      process.on(signal, () => {
        if (this.#deliver === undefined) this.#beforeTheCommand(signal);
        else if (!(sharesTerminal && fromTerminal.includes(signal))) this.#deliver(signal);
      });
    }
    process.on("SIGTSTP", () => {
      onSuspend();
      // The terminal has stopped the command too, and nobody else would wake it.
      if (foreground) this.#deliver?.("SIGCONT");
    });
  }

  /** Aborted with an {@link Interrupted} while nothing has been started. */
  get interrupted(): AbortSignal {
    return this.#interrupt.signal;
  }

  /** From now on signals go there. */
  deliverTo(deliver: (signal: NodeJS.Signals) => void): void {
    this.#deliver = deliver;
  }

  #beforeTheCommand(signal: NodeJS.Signals): void {
    if (ending.includes(signal)) this.#interrupt.abort(new Interrupted(signal));
  }
}
