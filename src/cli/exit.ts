/** Exit codes besides the command's own; from sysexits.h, 126 and above as in shells. */
export const exitCode = {
  ok: 0,
  /** EX_USAGE: the command line is invalid. */
  usage: 64,
  /** EX_DATAERR: a recording is corrupt. */
  corrupt: 65,
  /** EX_NOINPUT: an input file is missing or not readable. */
  noInput: 66,
  /** EX_UNAVAILABLE: too few nodes answered. */
  unavailable: 69,
  /** EX_SOFTWARE: a bug, or a system that refuses what is needed. */
  internal: 70,
  /** EX_CANTCREAT: a file cannot be written. */
  cannotCreate: 73,
  /** EX_TEMPFAIL: another client holds the lock, or a wait ran out. */
  contended: 75,
  /** EX_PROTOCOL: the lock was lost, or reached its --max-hold, before the command ended. */
  lost: 76,
  notExecutable: 126,
  notFound: 127,
  /** Plus the signal's number: ended by a signal. */
  signalled: 128,
} as const;

/** An error that ends `holdfast` with this exit code and this one line on stderr. */
export class CommandError extends Error {
  override readonly name = "CommandError";

  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
  }
}

export const usageError = (message: string) => new CommandError(exitCode.usage, message);
