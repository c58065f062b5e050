import { CommanderError } from "commander";
import {
  type AcquireTimeoutError,
  isHoldfastError,
  type LockContendedError,
  type QuorumUnavailableError,
} from "../errors.js";
import { RecordingError, type RecordingProblem } from "../inspector/recording/recording-error.js";
import { named } from "../support/names.js";
import { formatDuration } from "./duration.js";
import { CommandError, exitCode, usageError } from "./exit.js";
import { describeHolding } from "./holder.js";
import { inFlags } from "./option-names.js";
import { Interrupted } from "./signals.js";

/** An error as the command line reports it: the exit code, and one line that explains it. */
export interface Failure {
  readonly exitCode: number;
  /** Null if there is nothing to report that the user does not know. */
  readonly message: string | null;
}

export function explain(error: unknown, conflictExitCode: number = exitCode.contended): Failure {
  if (error instanceof Interrupted) return { exitCode: error.exitCode, message: null };
  if (error instanceof CommandError) return error;
  if (error instanceof CommanderError) return misread(error);
  if (isHoldfastError(error, "LOCK_CONTENDED")) {
    return { exitCode: conflictExitCode, message: contended(error) };
  }
  if (isHoldfastError(error, "QUORUM_UNAVAILABLE")) {
    return { exitCode: exitCode.unavailable, message: unavailable(error) };
  }
  if (isHoldfastError(error, "ACQUIRE_TIMEOUT")) return timedOut(error, conflictExitCode);
  if (isHoldfastError(error, "MEMBERSHIP_MISMATCH")) {
    return { exitCode: exitCode.usage, message: inFlags(error.message) };
  }
  if (isHoldfastError(error, "INVALID_OPTION") || isHoldfastError(error, "DUPLICATE_NODE")) {
    return { exitCode: exitCode.usage, message: error.message };
  }
  if (isHoldfastError(error, "CANNOT_LISTEN")) {
    return { exitCode: exitCode.unavailable, message: `${error.message} (--port, --host)` };
  }
  if (error instanceof RecordingError) {
    return { exitCode: recordingCodes[error.problem], message: error.message };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { exitCode: exitCode.internal, message: `unexpected: ${message} (HOLDFAST_DEBUG=1 shows where)` };
}

const recordingCodes: Readonly<Record<RecordingProblem, number>> = {
  missing: exitCode.noInput,
  corrupt: exitCode.corrupt,
  unwritable: exitCode.cannotCreate,
};

/** Commander throws for --help and --version as well. */
function misread({ code, exitCode: status, message }: CommanderError): Failure {
  if (status === 0) return { exitCode: exitCode.ok, message: null };
  if (code === "commander.help")
    return usageError(
      "name a command: run, inspect, watch, ui, chart, doctor, admit or demo (holdfast --help)",
    );
  // A variadic --resource takes a command that follows it for another name.
  if (code === "commander.missingArgument" && message.includes("'command'"))
    return usageError(
      "missing required argument 'command': put it after --, as in --resource NAME -- COMMAND",
    );
  // `unknown option '--nodes=redis://...'` would quote a possible password.
  const unquoted = message.replace(/^(error: unknown option '--[^'=]*)=.*'/s, "$1'");
  return usageError(unquoted.replace(/^error: /, ""));
}

function timedOut(error: AcquireTimeoutError, conflictExitCode: number): Failure {
  const { cause } = error;
  const waited = `waited ${formatDuration(error.wait)}`;
  return cause.code === "LOCK_CONTENDED"
    ? { exitCode: conflictExitCode, message: `${contended(error)}; ${waited}` }
    : { exitCode: exitCode.unavailable, message: `${unavailable(cause)}; ${waited}` };
}

/** Of several resources, the message names the one that is held. */
function contended({ resources, holder }: LockContendedError | AcquireTimeoutError): string {
  const which =
    resources.length > 1 && holder !== undefined ? ` (the resource ${named([holder.resource])})` : "";
  return `${named(resources)} is ${describeHolding(holder)}${which}`;
}

const unavailable = ({ message, reason }: QuorumUnavailableError) =>
  `${reason === "tooSlow" ? "the nodes are too slow" : "no quorum of nodes"}: ${message}`;
