import { InvalidOptionError } from "../errors.js";
import type { ClosingSignal, LocksOptions } from "../lock/options.js";
import { processSignals } from "../support/platform.js";
import { isList } from "../support/untrusted.js";

const signals: readonly ClosingSignal[] = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR2", "SIGBREAK"];

const isClosingSignal = (value: unknown): value is ClosingSignal =>
  signals.includes(value as ClosingSignal) && processSignals.numberOf(value as string) !== undefined;

/**
 * Checks the option `closeOn`. Returns its signals without repetitions.
 *
 * @throws InvalidOptionError for what is no list of signals of this platform, and in a worker thread.
 */
export function closingSignalsOf(options: Pick<LocksOptions, "closeOn">): readonly ClosingSignal[] {
  const value = closeOnOf(options);
  if (value === undefined) return [];
  if (!isList(value)) throw refused("closeOn", value, "a list of signals: ");
  for (const [index, signal] of value.entries())
    if (!isClosingSignal(signal)) throw refused(`closeOn[${index}]`, signal, "one of the signals ");
  if (value.length > 0 && !processSignals.reachThisThread) {
    const allowed =
      "left out in a worker thread, because signals reach only the main thread: call locks.close() when the worker ends";
    throw new InvalidOptionError("closeOn", value, allowed);
  }
  return [...new Set(value as readonly ClosingSignal[])];
}

/** Options that cannot be read are refused by the manager. */
function closeOnOf(options: Pick<LocksOptions, "closeOn"> | null): unknown {
  try {
    return options?.closeOn;
  } catch {
    return undefined;
  }
}

function refused(option: string, value: unknown, what: string): InvalidOptionError {
  const here = signals.filter((signal) => processSignals.numberOf(signal) !== undefined);
  return new InvalidOptionError(option, value, what + here.join(", "));
}
