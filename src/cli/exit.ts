/** What the command exits with besides the job's own code; from sysexits.h, 126 and above as shells do. */
export const exitCode = {
  ok: 0,
  /** EX_USAGE: the command line cannot work. */
  usage: 64,
  /** EX_DATAERR: a recording that cannot be read. */
  corrupt: 65,
  /** EX_NOINPUT: a file to be read is missing, or may not be read. */
  noInput: 66,
  /** EX_UNAVAILABLE: too few nodes answered. */
  unavailable: 69,
  /** EX_SOFTWARE: a bug, or a system that refuses what is needed. */
  internal: 70,
  /** EX_CANTCREAT: a file cannot be written. */
  cannotCreate: 73,
  /** EX_TEMPFAIL: somebody else holds the lock. */
  contended: 75,
  /** EX_PROTOCOL: the lock was lost, or held for its longest, before the command ended. */
  lost: 76,
  notExecutable: 126,
  notFound: 127,
  /** Plus the signal's number: ended by a signal. */
  signalled: 128,
} as const;

/** Ends the command with this code and this one line on stderr. */
export class CommandError extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
  ) {
    super(message);
  }
}

export const usageError = (message: string) => new CommandError(exitCode.usage, message);
