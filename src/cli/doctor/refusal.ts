import { serverCode } from "../../clients/failure.js";
import type { Refusal } from "./facts.js";
import { unprintable } from "./words.js";

/** Codes of our own, beside the servers'. */
export const outOfTime = "TIMEOUT";
export const notRedis = "NOTREDIS";
export const tlsWanted = "TLSWANTED";

/** What the checks of permissions, of latency and of the server's mode have words for. */
export const toldElsewhere = (code: string): boolean =>
  ["NOPERM", outOfTime, "MOVED", "CLUSTERDOWN"].includes(code);

/** The first byte of what a TLS server says to whoever does not begin with a handshake. */
const tlsAlert = 21;
/** Characters of a message that are repeated. */
const longest = 200;

/**
 * What was thrown, in the server's or the system's words, without what servers repeat of a command's arguments: of
 * AUTH that is the password.
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
  return { code: serverCode(thrown), message: words.slice(0, longest) };
}
