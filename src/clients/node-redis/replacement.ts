import type { Replacement } from "../../engine/node/lock-node.js";
import { LostError } from "../failure.js";
import type { InFlight } from "../in-flight.js";
import { type ReplacementCause, replacedMessage } from "../replacement.js";
import type { NodeRedisClient } from "./client.js";

/** ms that a PING of the client's own may be late. */
const pingTolerance = 1_000;

/**
 * Ends the socket under a node-redis client, version 4 to 6, so that its options, listeners and subscriptions survive.
 * These versions do not let anybody near the socket, and connect again by themselves only where it breaks. Hence three
 * ways: a server that answers is asked to close the connection; a connection whose handshake is unanswered is broken by
 * failing the handshake; a ready one, on which nothing of the user is in flight, is destroyed and connected again. What is
 * in flight is known from version 5.12 on; before, a connection that was ready stays.
 */
export function replaceNodeRedisConnection(
  client: NodeRedisClient,
  inFlight: InFlight,
  cause: ReplacementCause,
): Replacement {
  // Closed by its user, or not opened yet; and one that would not connect again must not lose what it has.
  if (!client.isOpen || client.options?.socket?.reconnectStrategy === false) return "impossible";
  if (cause === "wrongServer" && client.isReady) {
    // It answers all that came before, and then ends the connection; the client takes that for a loss.
    client.sendCommand(["QUIT"]).catch(() => {});
    return "replacing";
  }
  const queue = client._getQueue?.();
  if (queue?.pendingCount === undefined || client.destroy === undefined) return "impossible";
  const lost = new LostError(replacedMessage[cause]);
  if (!client.isReady) {
    // No command of the user's can be the reason for this silence: the handshake goes first. Those that the client has
    // written behind it are refused, as after any lost connection. Without effect between two attempts.
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
 * How many of the commands in flight are PINGs that the client sends by itself: one where it has been silent for so long
 * that one was due. Had a command of the user's been unanswered for as long, there would be two.
 */
const ownPings = ({ options }: NodeRedisClient, inFlight: InFlight): number =>
  options?.pingInterval && inFlight.age > options.pingInterval + pingTolerance ? 1 : 0;
