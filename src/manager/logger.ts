import { isHoldfastError } from "../errors.js";
import { type ManagerEvents, managerEvents } from "../lock/events.js";
import { checkMethods } from "../lock/option-checks.js";
import type { SafeEmitter } from "../support/safe-emitter.js";
import { voteSummaryOf } from "./vote-summary.js";

/** As pino's, and the loggers that are called as it is: an object, then the message. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

type Level = keyof Logger;
type Heard = Parameters<ManagerEvents[keyof ManagerEvents]>[0];

/** What needs nobody's eye is for those who look into something. */
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

/** Tells the logger of every event; it is a listener like any other, and harms no lock. @throws InvalidOptionError */
export function logTo(logger: Logger, events: SafeEmitter<ManagerEvents>): void {
  checkMethods("logger", logger, ["debug", "info", "warn", "error"]);
  for (const name of managerEvents) {
    const log = (event: Heard) => logger[levelOf(name, event)](fieldsOf(name, event), `holdfast: ${name}`);
    events.on(name, log);
  }
}

function levelOf(name: keyof ManagerEvents, event: Heard): Level {
  if (name !== "failed") return levels[name];
  return "error" in event && isTrouble(event.error) ? "error" : "info";
}

/** That somebody else holds a lock, or that its caller gave up, is everyday life. */
function isTrouble(error: unknown): boolean {
  if (!isHoldfastError(error)) return false;
  if (isHoldfastError(error, "ACQUIRE_TIMEOUT")) return !isHoldfastError(error.cause, "LOCK_CONTENDED");
  return error.code !== "LOCK_CONTENDED" && error.code !== "MANAGER_CLOSED";
}

/** The event's own, with the votes in short, and the error where loggers look for it. */
function fieldsOf(name: keyof ManagerEvents, event: Heard): object {
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
