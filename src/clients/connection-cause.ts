import { messageOf, noRedis, strangeReply } from "../engine/protocol/error-message.js";
import { lastingRefusal } from "../engine/protocol/refusal.js";

/** Why a connection cannot be opened, without the client's additional properties, which may be secret. */
export class ConnectionCause extends Error {
  override readonly name = "ConnectionCause";

  constructor(
    message: string,
    /** Whether the cause does not end by itself, so that waiting is pointless. */
    readonly lasts: boolean,
    /** Whether the message tells only that there is no connection, and not why. */
    readonly vague: boolean,
  ) {
    super(message);
  }
}

export const lastingCause = (message: string): ConnectionCause => new ConnectionCause(message, true, false);

export const wantsTls = "the server wants TLS: use a rediss:// address, or the client's option for TLS";
export const lacksTls =
  "the server does not speak TLS on this port: use a redis:// address, or no TLS option";

/** How a server refuses every client: it is full, runs in protected mode, or loads its data. */
const refusal = /(^|[\s:(])(ERR max number of clients|DENIED |LOADING )/;

export const refusesEverybody = ({ message }: ConnectionCause): boolean => refusal.test(message);

/** Whether an examination of the server finds this cause again as long as it holds. */
export const isExaminable = (cause: ConnectionCause | undefined): boolean => {
  if (cause === undefined) return false;
  if ([wantsTls, lacksTls, noRedis].some((text) => cause.message.startsWith(text))) return true;
  return !cause.lasts && refusesEverybody(cause);
};

/** How clients report that no connection was made at all. */
const unreachable = /\b(connect|getaddrinfo) E[A-Z]+|^Connection timeout/;

/** Whether a connection that the server accepts refutes the cause. */
export const isUnreachable = (cause: ConnectionCause | undefined): boolean =>
  cause !== undefined && unreachable.test(cause.message);

/** How servers refuse SELECT: there is no such database, or no permission, or the server is in cluster mode. */
const refusedSelect = /DB index is out of range|invalid DB index|'select' command|SELECT is not allowed/i;

/** Whether the server has refused the database, so that the connection uses database 0 if the client goes on. */
export const isOfDatabase = ({ message }: ConnectionCause): boolean => refusedSelect.test(message);

/** How the parsers of clients report the first byte of a TLS alert, which is 21. */
const isTlsAlert = (message: string): boolean =>
  message.startsWith("Unknown RESP type 21 ") || message.startsWith('Protocol error, got "\\u0015"');
/** How OpenSSL reports an answer that is not TLS. */
const notTls = /wrong version number|packet length too long|http request/i;
/** How OpenSSL reports that the server has ended the handshake because of the client's certificate. */
const refusedCertificate = /alert .*certificate/i;
const outdatedCertificate = /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|certificate (has expired|is not yet valid)/i;
const certificate = /certificate|altnames|SELF_SIGNED|UNABLE_TO_VERIFY/i;
/** Messages that tell only that the connection has ended. node-redis 3 adds how its first command ended. */
const vagueMessage =
  /ECONNRESET|EPIPE|socket closed|connection (is )?(closed|lost)|command aborted|disconnected before secure TLS|socket hang up/i;

/** The cause in an error of a client that cannot connect. */
export function connectionCause(thrown: unknown): ConnectionCause {
  const original = rawMessageOf(thrown);
  if (isTlsAlert(original)) return lastingCause(wantsTls);
  if (strangeReply.test(original)) return lastingCause(noRedis);
  const message = messageOf(thrown);
  const code = codeOf(thrown);
  if (notTls.test(`${code} ${message}`)) return lastingCause(`${lacksTls} (${message})`);
  if (refusedCertificate.test(message)) {
    return lastingCause(`${message}: give the client a certificate that the server accepts`);
  }
  if (outdatedCertificate.test(`${code} ${message}`)) {
    return lastingCause(`${message}: renew the server's certificate, and check the clocks of both sides`);
  }
  if (certificate.test(`${code} ${message}`)) {
    return lastingCause(`${message}: name the host as in the certificate, and its authority to the client`);
  }
  if (refusedSelect.test(message))
    return lastingCause(`the client's database cannot be selected: ${message}`);
  const vague = vagueMessage.test(`${code} ${message}`);
  return new ConnectionCause(message, !vague && lastingRefusal(message), vague);
}

/**
 * The cause to keep of two consecutive ones. A vague one replaces neither one of the same attempt to connect, nor a
 * lasting one, nor one that an examination refutes when it is over. One that follows from a lasting cause in the same
 * attempt does not replace it.
 */
export function keptCause(
  known: ConnectionCause | undefined,
  next: ConnectionCause,
  sameAttempt: boolean,
): ConnectionCause {
  if (known === undefined) return next;
  if (next.vague) return sameAttempt || known.lasts || isExaminable(known) ? known : next;
  return sameAttempt && known.lasts && next.lasts ? known : next;
}

const rawMessageOf = (thrown: unknown): string =>
  typeof thrown === "object" && thrown !== null && "message" in thrown ? String(thrown.message) : "";

const codeOf = (thrown: unknown): string =>
  typeof thrown === "object" && thrown !== null && "code" in thrown ? String(thrown.code) : "";
