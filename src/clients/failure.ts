import { lastingRefusal } from "../engine/protocol/refusal.js";
import type { FailureReason } from "../engine/protocol/vote.js";
import { explained, printable } from "../support/redaction.js";

/** A failed vote. */
export interface Failure {
  readonly kind: "failed";
  readonly reason: FailureReason;
  readonly message: string;
  readonly lasting?: true;
}

export const failure = (reason: FailureReason, message: string, lasting = false): Failure =>
  lasting ? { kind: "failed", reason, message, lasting } : { kind: "failed", reason, message };

/** The failed vote of a client that is not connected. `trouble`: why, as far as known. */
export const notReady = ({
  trouble,
  troubleLasts,
}: {
  readonly trouble: string;
  readonly troubleLasts?: boolean;
}): Failure =>
  failure("notReady", trouble === "" ? "not connected" : `not connected: ${trouble}`, troubleLasts);

/** Thrown when the client would have queued a call instead of sending it. */
export class NotReadyError extends Error {
  override readonly name = "NotReadyError";
}

/** Thrown for calls whose connection was lost before they were answered. The server may have executed them. */
export class LostError extends Error {
  override readonly name = "LostError";
}

/** Servers and clients repeat the arguments of a refused command, tokens included. */
const withoutArguments = (message: string): string =>
  message.replace(/,? (with args beginning with|command was):.*$/s, "");

/** The message of a thrown value; clients also throw values that are not errors. */
export function messageOf(thrown: unknown): string {
  try {
    if (typeof thrown !== "object" || thrown === null) return printable(withoutArguments(String(thrown)));
    const { message, name, errors, cause, lastNodeError } = thrown as Record<string, unknown>;
    // Several addresses of one host were tried.
    if (!message && Array.isArray(errors) && errors.length > 0) {
      return printable([...new Set(errors.map(messageOf))].join(", "));
    }
    // Recognised by shape: an error from another realm is not an instance of our Error class.
    const own = inWords(withoutArguments(String(message || (message === undefined ? thrown : name))));
    // ioredis' Cluster: the error of the last server that was asked. fetch(): why the request failed.
    const reason = lastNodeError ?? (own === "fetch failed" ? cause : undefined);
    return printable(reason ? `${own} (${messageOf(reason)})` : own);
  } catch {
    return "something that cannot be put into words";
  }
}

/** How the clients' parsers report a byte that Redis never sends, with a request to file a bug. */
const strangeReply = /^(Unknown RESP type|Protocol error, got) /;

const inWords = (message: string): string =>
  strangeReply.test(message) ? "it does not speak Redis's protocol" : message;

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
export function failureOf(thrown: unknown): Failure {
  const message = messageOf(thrown);
  if (thrown instanceof NotReadyError) return failure("notReady", message);
  if (thrown instanceof LostError) return failure("connection", message);
  if (serverCode(thrown) !== "") return failure("refused", explained(message), lastingRefusal(message));
  if (full.test(message)) return failure("overloaded", message);
  if (late.test(message) && !connectionLate.test(message)) return failure("timeout", message);
  if (isNodeRedisTimeout(thrown)) return failure("timeout", "the client's own timeout has passed");
  return failure(unsent.test(message) ? "notReady" : "connection", message);
}
