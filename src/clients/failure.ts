import { saying } from "../engine/shown.js";
import type { FailureReason } from "../engine/vote.js";

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
  return /^([A-Z][A-Z0-9]+)(?: |$)/.exec(messageOf(thrown))?.[1] ?? "";
};

/** What clients say of a request that they did not even send. */
const unsent = /isn't write?able|offline|isn't ready|client is closed/i;

/** Servers repeat the arguments of a command that they don't know: tokens among them. */
const withoutArguments = (message: string): string => message.replace(/,? with args beginning with:.*$/s, "");

/** The vote that a rejected call amounts to. */
export function failureOf(thrown: unknown): Failure {
  const message = withoutArguments(messageOf(thrown));
  if (thrown instanceof NotReadyError) return failure("notReady", message);
  if (thrown instanceof LostError) return failure("connection", message);
  if (serverCode(thrown) !== "") return failure("refused", message);
  if (/timed? ?out/i.test(message) && !/ETIMEDOUT/.test(message)) return failure("timeout", message);
  if (/queue is full/.test(message)) return failure("overloaded", message);
  return failure(unsent.test(message) ? "notReady" : "connection", message);
}
