import type { EntryFailure, Refusal } from "./facts.js";
import { notRedis, outOfTime, tlsWanted } from "./refusal.js";

/** By Node's and OpenSSL's codes for what goes wrong below Redis. */
const bySystemCode: Readonly<Record<string, EntryFailure>> = {
  ECONNREFUSED: "refused",
  ENOTFOUND: "unresolved",
  EAI_AGAIN: "unresolved",
  EHOSTUNREACH: "unroutable",
  ENETUNREACH: "unroutable",
  ETIMEDOUT: "noConnection",
};

/** By the first word of a server's error, or a code of our own. */
const byRefusal: Readonly<Record<string, EntryFailure>> = {
  [outOfTime]: "silent",
  [notRedis]: "notRedis",
  [tlsWanted]: "tlsWanted",
  NOAUTH: "passwordMissing",
  WRONGPASS: "password",
  LOADING: "loading",
  BUSY: "busy",
  DENIED: "refusing",
};

/** Why a connection failed. `tls`: the address asked for it; `touched`: the other side took the connection. */
export function connectFailure(
  thrown: unknown,
  { tls, touched, late }: { readonly tls: boolean; readonly touched: boolean; readonly late: boolean },
): EntryFailure {
  if (late) return touched && tls ? "noTls" : "noConnection";
  const code = codeOf(thrown);
  const known = bySystemCode[code];
  if (known !== undefined) return known;
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code)) return "certificate";
  // Also a connection that is simply ended: a server that does not know TLS makes nothing of the first message.
  return tls && (touched || /SSL|EPROTO|ECONNRESET|ERR_TLS/.test(code)) ? "noTls" : "closed";
}

/**
 * Why the server, once connected, was not entered: by what it answered to AUTH, SELECT or PING. Null if that is no
 * reason: whoever may not PING, or is told that the master is gone, can be told more.
 */
export function talkFailure(
  { code, message }: Refusal,
  step: "AUTH" | "SELECT" | "PING",
): EntryFailure | null {
  const known = byRefusal[code];
  if (known !== undefined) return known;
  if (code === "") return "closed";
  if (/max number of clients/i.test(message)) return "refusing";
  if (step === "AUTH") return "password";
  if (step === "SELECT") return "database";
  return code === "ERR" ? "notRedis" : null;
}

const codeOf = (thrown: unknown): string =>
  typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : "";
