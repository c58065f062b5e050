import type { Socket } from "node:net";
import { noRedis } from "../engine/protocol/error-message.js";
import {
  ConnectionCause,
  connectionCause,
  lacksTls,
  lastingCause,
  refusesEverybody,
  wantsTls,
} from "./connection-cause.js";

/** The address of one server, and whether the client uses TLS. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
}

/** ms for a connection and the first answer. */
const answerTime = 1_000;

const ping = "*1\r\n$4\r\nPING\r\n";
/** The first bytes of TLS records: an alert, or a handshake. */
const tlsRecords = new Set([21, 22]);
/** The first bytes of Redis's replies. */
const replyBytes = new Set([..."+-:$*"].map((character) => character.charCodeAt(0)));

/** How a server answers a PING without TLS; a cause if it refuses every client. */
type PingOutcome = "redis" | "tls" | "other" | "closed" | "silent" | "unreachable" | ConnectionCause;

/**
 * Finds out why a client cannot connect to a server that accepts connections: clients report only a closed connection,
 * or nothing. Sends neither a password nor anything else that is secret. Resolves to null if no cause is found.
 */
export async function examineEndpoint(endpoint: Endpoint): Promise<ConnectionCause | null> {
  try {
    const answer = await pingOutcome(endpoint);
    const isRefusal = answer instanceof ConnectionCause;
    if (endpoint.tls) return answer === "redis" || isRefusal ? lastingCause(lacksTls) : null;
    if (isRefusal) return answer;
    if (answer === "other") return lastingCause(noRedis);
    const speaksTls = answer === "tls" || (answer === "closed" && (await completesTlsHandshake(endpoint)));
    return speaksTls ? lastingCause(wantsTls) : null;
  } catch {
    // This platform has no sockets.
    return null;
  }
}

async function pingOutcome({ host, port }: Endpoint): Promise<PingOutcome> {
  const { connect } = await import("node:net");
  return outcome<PingOutcome>((settle) => {
    const socket = connect({ host, port });
    let accepted = false;
    socket.on("connect", () => {
      accepted = true;
      socket.write(ping);
    });
    socket.on("data", (reply: Buffer) => {
      const [first = 0] = reply;
      if (tlsRecords.has(first)) settle("tls");
      else settle(replyBytes.has(first) ? (refusalIn(reply.toString()) ?? "redis") : "other");
    });
    socket.on("error", () => settle(accepted ? "closed" : "unreachable"));
    socket.on("close", () => settle(accepted ? "closed" : "unreachable"));
    return socket;
  }, "silent");
}

/** The error in a reply, unless it only concerns clients without a password. */
function refusalIn(reply: string): ConnectionCause | null {
  const [line = ""] = reply.split("\r\n");
  const cause = connectionCause({ message: line.slice(1) });
  return line.startsWith("-") && refusesEverybody(cause) ? cause : null;
}

/** Whether the server speaks TLS on this port, even if it refuses this client. */
async function completesTlsHandshake({ host, port }: Endpoint): Promise<boolean> {
  const { connect } = await import("node:tls");
  return outcome<boolean>((settle) => {
    // Nothing is sent or believed over this connection, so the certificate does not matter.
    const socket = connect({ host, port, rejectUnauthorized: false });
    socket.on("secureConnect", () => settle(true));
    // A server that refuses the handshake, because it wants a certificate for example, speaks TLS too.
    socket.on("error", (error: { code?: unknown }) => settle(/^ERR_SSL_.*ALERT/.test(String(error.code))));
    socket.on("close", () => settle(false));
    return socket;
  }, false);
}

/** Resolves to the first outcome, or to `otherwise` when the time is over. Ends the socket in any case. */
function outcome<Outcome>(
  open: (settle: (outcome: Outcome) => void) => Socket,
  otherwise: Outcome,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const settle = (found: Outcome) => {
      resolve(found);
      socket.destroy();
    };
    const socket = open(settle);
    socket.setTimeout(answerTime, () => settle(otherwise));
    socket.unref();
  });
}
