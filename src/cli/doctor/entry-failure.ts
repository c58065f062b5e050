import type { EntryFailure, Refusal } from "./facts.js";
import { notRedis, timedOut, tlsWanted } from "./refusal.js";

/** By the codes of Node.js and OpenSSL for failures below the Redis protocol. */
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
  [timedOut]: "silent",
  [notRedis]: "notRedis",
  [tlsWanted]: "tlsWanted",
  NOAUTH: "passwordMissing",
  WRONGPASS: "password",
  LOADING: "loading",
  BUSY: "busy",
  DENIED: "refusing",
};

/**
 * Why a connection failed. `tls`: the address asked for TLS; `connected`: the other side accepted the connection;
 * `timedOut`: the time ran out.
 */
export function connectFailure(
  thrown: unknown,
  {
    tls,
    connected,
    timedOut,
  }: { readonly tls: boolean; readonly connected: boolean; readonly timedOut: boolean },
): EntryFailure {
  if (timedOut) return connected && tls ? "noTls" : "noConnection";
  const code = codeOf(thrown);
  const known = bySystemCode[code];
  if (known !== undefined) return known;
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code)) return "certificate";
  // This includes a connection that is simply closed: a server without TLS does not understand the first message.
  return tls && (connected || /SSL|EPROTO|ECONNRESET|ERR_TLS/.test(code)) ? "noTls" : "closed";
}

/**
 * Why the handshake failed after the connection, by the server's answer to AUTH, SELECT or PING. Returns null for a
 * refusal that does not end the examination: a user who may not PING, or a replica whose master is down, can be
 * examined further.
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
