import { constants } from "node:os";
import { exitCode } from "./exit.js";
import { isInForeground } from "./processes.js";

/**
 * Signals that are passed on to the command. SIGCONT is one of them because the command's group may have been
 * stopped.
 */
const relayed = [
  "SIGINT",
  "SIGTERM",
  "SIGHUP",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
  "SIGCONT",
] as const satisfies readonly NodeJS.Signals[];

/** Signals that end a wait for the lock. */
const interrupting: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];

/** Signals that the terminal sends to its whole foreground group, and thus to the command as well. */
const fromTerminal: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT", "SIGWINCH"];

/** A signal asked for the end while no command ran. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";

  readonly exitCode: number;
  constructor(readonly signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.exitCode = exitCode.signalled + constants.signals[signal];
  }
}

/** Catches the signals that `holdfast` receives during the whole run. */
export class SignalRelay {
  readonly #interrupt = new AbortController();
  #deliver: ((signal: NodeJS.Signals) => void) | undefined;
  #asked = false;

  /**
   * `onSuspend` is called on Ctrl-Z. A suspended `holdfast` could not renew the lock, so it does not suspend itself.
   */
  constructor(foreground: boolean, onSuspend: () => void) {
    for (const signal of relayed) {
      process.on(signal, () => {
        this.#asked ||= interrupting.includes(signal);
        if (this.#deliver === undefined) this.#withoutCommand(signal);
        else if (!(foreground && fromTerminal.includes(signal) && isInForeground())) this.#deliver(signal);
      });
    }
    process.on("SIGTSTP", () => {
      onSuspend();
      // The terminal has stopped the command too, and nothing else would continue it.
      if (foreground) this.#deliver?.("SIGCONT");
    });
  }

  /** Whether a signal has asked for the end. */
  get asked(): boolean {
    return this.#asked;
  }

  /** Aborted with an {@link Interrupted} if a signal asks for the end while no command runs. */
  get interrupted(): AbortSignal {
    return this.#interrupt.signal;
  }

  /** Passes all later signals to `deliver`. Undefined: no command runs. */
  deliverTo(deliver: ((signal: NodeJS.Signals) => void) | undefined): void {
    this.#deliver = deliver;
  }

  #withoutCommand(signal: NodeJS.Signals): void {
    if (interrupting.includes(signal)) this.#interrupt.abort(new Interrupted(signal));
  }
}
