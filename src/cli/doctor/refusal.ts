import { serverCode } from "../../clients/failure.js";
import type { Refusal } from "./facts.js";
import { unprintable } from "./words.js";

/** Codes of our own, in addition to the servers'. */
export const timedOut = "TIMEOUT";
export const notRedis = "NOTREDIS";
export const tlsWanted = "TLSWANTED";

/** Whether the checks of permissions, latency or server mode report this code. */
export const isReportedElsewhere = (code: string): boolean =>
  ["NOPERM", timedOut, "MOVED", "CLUSTERDOWN"].includes(code);

/** The first byte that a TLS server sends to a client that does not start with a handshake. */
const tlsAlert = 21;
/** Maximum characters of a message. */
const maxMessageLength = 200;

/**
 * Converts an error to a refusal in the server's or the system's words. The arguments that servers repeat in errors
 * are removed: for AUTH they contain the password.
 */
export function refusalOf(thrown: unknown): Refusal {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const strange = /^Unknown RESP type (\d+)/.exec(message);
  if (strange !== null) {
    return Number(strange[1]) === tlsAlert
      ? { code: tlsWanted, message: "it answers with a TLS alert" }
      : { code: notRedis, message: "it does not speak Redis's protocol" };
  }
  const words = message
    .replace(/,? with args beginning with:.*$/s, "")
    .replace(unprintable, " ")
    .trim();
  return { code: serverCode(thrown), message: words.slice(0, maxMessageLength) };
}
