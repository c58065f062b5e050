import { printable } from "../../support/redaction.js";

export const noRedis = "it does not speak Redis's protocol";

/** How the clients' parsers report a byte that Redis never sends, with a request to file a bug. */
export const strangeReply = /^(Unknown RESP type|Protocol error, got) /;

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

function inWords(message: string): string {
  if (strangeReply.test(message)) return noRedis;
  // @upstash/redis, for a command that it has sent together with others.
  if (/^Command failed: [A-Z]+ /.test(message)) return message.slice("Command failed: ".length);
  // The refusal of a client's first command explains HELLO, and not that the client has no password.
  return message.replace(/^NOAUTH HELLO must be called with.*$/s, "NOAUTH Authentication required.");
}
