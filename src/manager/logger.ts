import { isHoldfastError } from "../errors.js";
import { type AnyEvent, type ManagerEvents, managerEvents } from "../lock/events.js";
import type { Logger } from "../lock/logger.js";
import { checkMethods } from "../support/checks.js";
import type { SafeEmitter } from "../support/safe-emitter.js";
import { testSafely } from "../support/untrusted.js";
import { voteSummaryOf } from "./vote-summary.js";

type Level = "debug" | "info" | "warn" | "error";

/** The fields of a line. */
interface Fields {
  readonly event: string;
  readonly err?: unknown;
}

/** The log level of each event. Events of normal operation are logged at "debug". */
const levels: Readonly<Record<Exclude<keyof ManagerEvents, "failed">, Level>> = {
  acquiring: "debug",
  retrying: "debug",
  acquired: "debug",
  renewed: "debug",
  upgraded: "debug",
  released: "debug",
  quorumLost: "warn",
  expired: "error",
  nodeUp: "info",
  nodeDown: "warn",
  nodeQuarantined: "warn",
};

/**
 * Logs every event of a manager. The logger is an ordinary listener, so its errors cannot harm a lock.
 *
 * @throws InvalidOptionError if a method is missing.
 */
export function logTo(logger: Logger, events: SafeEmitter<ManagerEvents>): void {
  const write = writerOf(logger);
  for (const name of managerEvents) {
    events.on(name, (event: AnyEvent) =>
      write(levelOf(name, event), fieldsOf(name, event), `holdfast: ${name}`),
    );
  }
}

/** Returns a function that passes a line to the logger in the order of arguments that the logger expects. */
function writerOf(logger: Logger): (level: Level, fields: Fields, message: string) => unknown {
  const methods = logger as { [Name in Level | "log"]?: (...args: unknown[]) => unknown };
  const isNest = testSafely(() => typeof methods.info !== "function" && typeof methods.log === "function");
  checkMethods("logger", methods, isNest ? ["warn", "error"] : ["debug", "info", "warn", "error"]);
  // NestJS permits loggers without `debug`.
  if (isNest) {
    return (level, fields, message) => methods[level === "info" ? "log" : level]?.(message, plain(fields));
  }
  const isWinston = testSafely(() => "transports" in logger && typeof methods.log === "function");
  return isWinston
    ? (level, fields, message) => methods[level]?.(message, plain(fields))
    : (level, fields, message) => methods[level]?.(fields, message);
}

/** The maximum number of nested causes of an error that is logged as plain data. */
const maxCauses = 5;

/** Returns the fields with the error as plain data. Winston and NestJS print an Error as JSON, which gives `{}`. */
const plain = (fields: Fields): object =>
  fields.err instanceof Error ? { ...fields, err: plainError(fields.err, maxCauses) } : fields;

function plainError(error: Error, causes: number): object {
  const { name, message, stack, cause } = error;
  const data = { name, ...(isHoldfastError(error) ? { code: error.code } : {}), message, stack };
  if (cause === undefined || causes === 0) return data;
  return { ...data, cause: cause instanceof Error ? plainError(cause, causes - 1) : cause };
}

function levelOf(name: keyof ManagerEvents, event: AnyEvent): Level {
  if (name !== "failed") return levels[name];
  return "error" in event && isProblem(event.error) ? "error" : "info";
}

/** Whether an error needs attention. Contention, a closed manager and an aborted wait are part of normal operation. */
function isProblem(error: unknown): boolean {
  if (!isHoldfastError(error)) return false;
  if (isHoldfastError(error, "ACQUIRE_TIMEOUT")) return error.reason !== "contended";
  return error.code !== "LOCK_CONTENDED" && error.code !== "MANAGER_CLOSED";
}

/**
 * Returns the fields of an event for the logger: with a summary of the votes, with the error as `err`, and without the time,
 * which the logger adds itself.
 */
function fieldsOf(name: keyof ManagerEvents, event: AnyEvent): Fields {
  const {
    votes,
    error,
    time: _,
    type: __,
    ...rest
  } = event as Partial<Parameters<ManagerEvents["retrying" | "failed"]>[0]> & {
    votes?: Parameters<ManagerEvents["retrying"]>[0]["votes"];
    error?: unknown;
  };
  return {
    event: name,
    ...rest,
    ...(votes === undefined ? {} : { votes: voteSummaryOf(votes) }),
    ...(name === "failed" ? { err: error } : {}),
  };
}
