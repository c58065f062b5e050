import type { Replacement } from "../../engine/node/lock-node.js";
import { afterTicks } from "../../support/platform.js";
import { LostError } from "../failure.js";
import type { InFlight } from "../in-flight.js";
import type { ReplacementCause } from "../replacement.js";
import type { NodeRedisClient } from "./library.js";

/** ms by which a PING of the client itself may be late. */
const pingTolerance = 1_000;

/**
 * Ends the socket of a node-redis client, version 4 to 6, so that its options, listeners and subscriptions survive.
 * These versions do not expose the socket, and reconnect by themselves only after the socket breaks. Hence three
 * methods: a server that answers is asked to close the connection; an unanswered handshake is failed, which breaks the
 * connection; a ready connection without commands of the user is destroyed and opened again. The commands in flight are
 * known since version 5.12; in earlier versions a ready connection is kept.
 */
export function replaceNodeRedisConnection(
  client: NodeRedisClient,
  inFlight: InFlight,
  cause: ReplacementCause,
): Replacement {
  // The user closed the client or has not opened it. A client that would not reconnect must keep its connection.
  if (!client.isOpen || client.options?.socket?.reconnectStrategy === false) return "impossible";
  if (cause.kind === "wrongServer" && client.isReady) {
    // The server answers all earlier commands and then ends the connection; the client treats this as a lost
    // connection.
    client.sendCommand(["QUIT"]).catch(() => {});
    return "replacing";
  }
  const queue = client._getQueue?.();
  if (queue?.pendingCount === undefined || client.destroy === undefined) return "impossible";
  const lost = new LostError(cause.message);
  if (!client.isReady) {
    // A command of the user cannot cause this silence, because the handshake comes first. Commands that the client
    // wrote behind the handshake are rejected, as after any lost connection. Between two attempts this has no effect.
    endIfReady(client);
    queue.flushWaitingForReply(lost);
    return "replacing";
  }
  const others = queue.pendingCount - inFlight.size;
  if (others > ownPings(client, inFlight)) return "busy";
  inFlight.abandon(lost.message);
  client.destroy();
  client.connect().catch(() => {});
  return "replacing";
}

/**
 * Ends the socket if the client becomes ready in the present phase of the event loop. A client whose handshake is only
 * CLIENT SETINFO ignores that it failed, and calls the unanswered connection ready. This listener comes before all
 * others, so that they find a client that is still connecting.
 */
function endIfReady(client: NodeRedisClient): void {
  const end = () => {
    const socket = client._ejectSocket?.();
    if (socket === undefined) return;
    // The client hears nothing of the end, so it opens the next socket at once and keeps what it has not written yet.
    socket.destroySocket();
    client._insertSocket?.(socket);
  };
  client.prependOnceListener("ready", end);
  afterTicks(() => client.off("ready", end));
}

/**
 * How many of the commands in flight are PINGs that the client sent itself: one if the connection has been silent for
 * long enough that a PING was due. If a command of the user had been unanswered for as long, there would be two.
 */
const ownPings = ({ options }: NodeRedisClient, inFlight: InFlight): number =>
  options?.pingInterval && inFlight.age > options.pingInterval + pingTolerance ? 1 : 0;
