import type { FailureReason } from "../engine/protocol/vote.js";
import { explained, saying } from "../support/redaction.js";

/** A failed vote. */
export interface Failure {
  readonly kind: "failed";
  readonly reason: FailureReason;
  readonly message: string;
}

export const failure = (reason: FailureReason, message: string): Failure => ({
  kind: "failed",
  reason,
  message,
});

/** Thrown where a call would have been kept by the client instead of being sent. */
export class NotReadyError extends Error {}

/** Thrown for calls whose connection was lost before they were answered: the server may have acted on them. */
export class LostError extends Error {}

/** What was thrown, in words; clients also throw what is not an Error. */
export function messageOf(thrown: unknown): string {
  try {
    if (typeof thrown !== "object" || thrown === null) return saying(String(thrown));
    const { message, name } = thrown as { message?: unknown; name?: unknown };
    // By shape: an error from another realm is no instance of ours.
    return saying(inWords(String(message || (message === undefined ? thrown : name))));
  } catch {
    return "something that cannot be put into words";
  }
}

/** What the clients' parsers say of a byte that no Redis sends, with a wish to hear of it. */
const strangeReply = /^(Unknown RESP type|Protocol error, got) /;

const inWords = (message: string): string =>
  strangeReply.test(message) ? "it does not speak Redis's protocol" : message;

/**
 * The same complaint without what the client hung onto it: ioredis keeps the whole command in its errors, and the
 * arguments of AUTH are a password.
 */
export const bare = (thrown: unknown): Error => new Error(messageOf(thrown));

/** "NOPERM" of "NOPERM this user has no permissions …"; empty where the message is not a server's. */
export const serverCode = (thrown: unknown): string => {
  // A system error ("ECONNREFUSED …") looks alike; it always carries the call that failed.
  if (typeof thrown === "object" && thrown !== null && "syscall" in thrown) return "";
  const message = messageOf(thrown);
  // node-redis 3 begins with the command that it did not send.
  if (/^\w+ can't be processed/.test(message)) return "";
  return /^([A-Z][A-Z0-9]+)(?: |$)/.exec(message)?.[1] ?? "";
};

/** What clients say of a request that they did not even send. */
const unsent =
  /(isn't|not) write?able|offline|isn't ready|client is closed|already closed|subscriber mode|PubSub mode/i;
/** The client holds as many requests as it may. */
const full = /queue is full|maximum (number of )?inflight|too many (inflight )?requests/i;
/** The client waited for long enough; the server may act on the request yet. */
const late = /timed? ?out/i;
/** That was not about the request, but about the connection, which is gone with it. */
const connectionLate = /ETIMEDOUT|^socket timeout|connection timeout/i;

/** Errors of node-redis that carry no message, by their class. */
const classOf = (thrown: unknown): string => {
  const maker = typeof thrown === "object" && thrown !== null ? thrown.constructor : undefined;
  return typeof maker === "function" ? maker.name : "";
};

/** Servers repeat the arguments of a command that they don't know: tokens among them. */
const withoutArguments = (message: string): string => message.replace(/,? with args beginning with:.*$/s, "");

/** The vote that a rejected call amounts to. */
export function failureOf(thrown: unknown): Failure {
  const message = withoutArguments(messageOf(thrown));
  if (thrown instanceof NotReadyError) return failure("notReady", message);
  if (thrown instanceof LostError) return failure("connection", message);
  if (serverCode(thrown) !== "") return failure("refused", explained(message));
  if (full.test(message)) return failure("overloaded", message);
  if (late.test(message) && !connectionLate.test(message)) return failure("timeout", message);
  if (classOf(thrown) === "TimeoutError") return failure("timeout", "the client's own timeout has passed");
  return failure(unsent.test(message) ? "notReady" : "connection", message);
}
