import { serverCode } from "../../clients/failure.js";
import type { EntryFailure, Refusal } from "./facts.js";

/**
 * What was thrown, in the server's or the system's words, without what servers repeat of a command's arguments: of
 * AUTH that is the password.
 */
export function sayRefusal(thrown: unknown): Refusal {
  const message = (thrown instanceof Error ? thrown.message : String(thrown))
    .replace(/,? with args beginning with:.*$/s, "")
    .replace(/\s+/g, " ");
  return { code: serverCode(thrown), message: message.slice(0, 200) };
}

/** By Node's and OpenSSL's codes for what goes wrong below Redis. */
const bySystemCode: Readonly<Record<string, EntryFailure>> = {
  ECONNREFUSED: "refused",
  ENOTFOUND: "unresolved",
  EAI_AGAIN: "unresolved",
  EHOSTUNREACH: "unroutable",
  ENETUNREACH: "unroutable",
  ETIMEDOUT: "noConnection",
};

/** By the first word of a server's error. */
const byServerCode: Readonly<Record<string, EntryFailure>> = {
  NOAUTH: "passwordMissing",
  WRONGPASS: "password",
  LOADING: "loading",
  BUSY: "busy",
  DENIED: "refusing",
};

/** Why a connection failed. `tls`: the address asked for it; `touched`: the other side took the connection. */
export function connectFailure(
  thrown: unknown,
  {
    tls,
    touched,
    outOfTime,
  }: { readonly tls: boolean; readonly touched: boolean; readonly outOfTime: boolean },
): EntryFailure {
  if (outOfTime) return touched && tls ? "noTls" : "noConnection";
  const code = codeOf(thrown);
  const known = bySystemCode[code];
  if (known !== undefined) return known;
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code)) return "certificate";
  // Also a connection that is simply ended: a server that does not know TLS makes nothing of the first message.
  return tls && (touched || /SSL|EPROTO|ECONNRESET|ERR_TLS/.test(code)) ? "noTls" : "closed";
}

/** Why the server, once connected, was not entered: by what it answered to AUTH, SELECT or PING. */
export function talkFailure(thrown: unknown, step: "AUTH" | "SELECT" | "PING"): EntryFailure {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  // What a TLS server says to whoever does not start with a handshake: an alert, in bytes.
  if (/^Protocol error/.test(message)) return /got "\\?u?0*15/.test(message) ? "tlsWanted" : "notRedis";
  const code = serverCode(thrown);
  const known = byServerCode[code];
  if (known !== undefined) return known;
  if (code === "") return "closed";
  if (/max number of clients/i.test(message)) return "refusing";
  if (step === "AUTH") return "password";
  return step === "SELECT" ? "database" : "broken";
}

const codeOf = (thrown: unknown): string =>
  typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : "";
