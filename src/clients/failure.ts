import { messageOf } from "../engine/protocol/error-message.js";
import { type Failed, failed, lastingRefusal } from "../engine/protocol/refusal.js";
import { explained } from "../support/redaction.js";

/** The failed vote of a client that is not connected. `trouble`: why, as far as known. */
export const notReady = ({
  trouble = "",
  troubleLasts,
}: {
  readonly trouble?: string;
  readonly troubleLasts?: boolean;
}): Failed =>
  failed("notReady", trouble === "" ? "not connected" : `not connected: ${trouble}`, troubleLasts);

/** Thrown when the client would have queued a call instead of sending it. */
export class NotReadyError extends Error {
  override readonly name = "NotReadyError";
}

/** Thrown for calls whose connection was lost before they were answered. The server may have executed them. */
export class LostError extends Error {
  override readonly name = "LostError";
}

/** "NOPERM" of "NOPERM this user has no permissions …"; empty if the message is not from a server. */
export const serverCode = (thrown: unknown): string => {
  // A system error ("ECONNREFUSED …") looks alike, but always names the system call that failed.
  if (typeof thrown === "object" && thrown !== null && "syscall" in thrown) return "";
  const message = messageOf(thrown);
  // In node-redis 3 the message begins with the command that was not sent.
  if (/^\w+ can't be processed/.test(message)) return "";
  return /^([A-Z][A-Z0-9]+)(?: |$)/.exec(message)?.[1] ?? "";
};

/** How clients reject a request that they did not send. */
const unsent =
  /(isn't|not) write?able|offline|isn't ready|client is closed|already closed|subscriber mode|PubSub mode/i;
/** The client's queue is full. */
const full = /queue is full|maximum (number of )?inflight|too many (inflight )?requests/i;
/** The client's own timeout has passed; the server may still execute the request. */
const late = /timed? ?out/i;
/** A timeout of the connection instead of the request; the connection is lost as well. */
const connectionLate = /ETIMEDOUT|^socket timeout|connection timeout/i;

/**
 * The timeout of node-redis has only a class to tell it by, and a minifier renames the class. No other error of a client is
 * of a class of its own and has neither a message, a name nor a code.
 */
const isNodeRedisTimeout = (thrown: unknown): boolean => {
  if (typeof thrown !== "object" || thrown === null) return false;
  const { constructor: maker, message, name } = thrown as Partial<Error>;
  if (typeof maker !== "function") return false;
  if (maker.name === "TimeoutError") return true;
  return message === "" && name === "Error" && maker !== Error && !("code" in thrown);
};

/** The failed vote for a rejected call. */
export function failureOf(thrown: unknown): Failed {
  const message = messageOf(thrown);
  if (thrown instanceof NotReadyError) return failed("notReady", message);
  if (thrown instanceof LostError) return failed("connection", message);
  if (serverCode(thrown) !== "") return failed("refused", explained(message), lastingRefusal(message));
  if (full.test(message)) return failed("overloaded", message);
  if (late.test(message) && !connectionLate.test(message)) return failed("timeout", message);
  if (isNodeRedisTimeout(thrown)) return failed("timeout", "the client's own timeout has passed");
  return failed(unsent.test(message) ? "notReady" : "connection", message);
}
