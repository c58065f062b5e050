import type { Replacement } from "../../engine/node/lock-node.js";
import type { InFlight } from "../in-flight.js";
import type { ReplacementCause } from "../replacement.js";
import type { NodeRedis3Client } from "./v3-library.js";

/** The commands that the client sends on a new connection before it is ready. */
const handshake = new Set(["auth", "info"]);

/**
 * Ends the socket of a node-redis client, version 2.6 to 3. The client then reconnects by itself: its options,
 * listeners, subscriptions and offline queue survive. It never resends lost commands.
 */
export function replaceNodeRedis3Connection(
  client: NodeRedis3Client,
  inFlight: InFlight,
  own: ReadonlySet<unknown>,
  cause: ReplacementCause,
): Replacement {
  // A stream that the user provided cannot be opened again.
  if (client.closing || client.options?.stream !== undefined) return "impossible";
  // The client is connecting, or waits for the next attempt.
  if (!client.connected) return "replacing";
  if (cause.kind === "wrongServer") {
    // The server still answers the commands that it has received.
    client.stream?.end?.();
    return "replacing";
  }
  if (hasOtherCommands(client, own)) return "busy";
  inFlight.abandon(cause.message);
  client.stream?.destroy?.();
  return "replacing";
}

/** Whether the client has unanswered commands besides our own and the handshake; true if that is unknown. */
function hasOtherCommands({ command_queue, ready }: NodeRedis3Client, own: ReadonlySet<unknown>): boolean {
  if (command_queue === undefined) return true;
  for (let index = 0; index < command_queue.length; index++) {
    const waiting = command_queue.get(index);
    if (waiting === undefined) return true;
    const name = waiting.command.toLowerCase();
    const isOurs = name.startsWith("eval") && own.has(waiting.args[0]);
    if (!isOurs && (ready || !handshake.has(name))) return true;
  }
  return false;
}
