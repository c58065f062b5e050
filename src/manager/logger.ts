import { isHoldfastError } from "../errors.js";
import { type ManagerEvents, managerEvents } from "../lock/events.js";
import type { Logger } from "../lock/logger.js";
import { checkMethods } from "../support/checks.js";
import type { SafeEmitter } from "../support/safe-emitter.js";
import { voteSummaryOf } from "./vote-summary.js";

type Level = keyof Logger;
type AnyEvent = Parameters<ManagerEvents[keyof ManagerEvents]>[0];

/** The log level of each event. Events of normal operation are logged at "debug". */
const levels: Readonly<Record<Exclude<keyof ManagerEvents, "failed">, Level>> = {
  acquiring: "debug",
  retrying: "debug",
  acquired: "debug",
  renewed: "debug",
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
  checkMethods("logger", logger, ["debug", "info", "warn", "error"]);
  for (const name of managerEvents) {
    const log = (event: AnyEvent) => logger[levelOf(name, event)](fieldsOf(name, event), `holdfast: ${name}`);
    events.on(name, log);
  }
}

function levelOf(name: keyof ManagerEvents, event: AnyEvent): Level {
  if (name !== "failed") return levels[name];
  return "error" in event && isProblem(event.error) ? "error" : "info";
}

/** Whether an error needs attention. Contention, a closed manager and an aborted wait are part of normal operation. */
function isProblem(error: unknown): boolean {
  if (!isHoldfastError(error)) return false;
  if (isHoldfastError(error, "ACQUIRE_TIMEOUT")) return !isHoldfastError(error.cause, "LOCK_CONTENDED");
  return error.code !== "LOCK_CONTENDED" && error.code !== "MANAGER_CLOSED";
}

/** Returns the fields of an event for the logger: with a summary of the votes, and with the error as `err`. */
function fieldsOf(name: keyof ManagerEvents, event: AnyEvent): object {
  const { votes, error, ...rest } = event as Partial<Parameters<ManagerEvents["retrying" | "failed"]>[0]> & {
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
