import type { Replacement } from "../../engine/node/lock-node.js";
import type { InFlight } from "../in-flight.js";
import { type ReplacementCause, replacedMessage } from "../replacement.js";
import type { NodeRedis3Client } from "./v3-client.js";

/** What the client itself sends on a new connection before it counts as ready. */
const handshake = new Set(["auth", "info"]);

/**
 * Ends the socket under a node-redis client of version 2.6 to 3, which then connects again by its own means: its options,
 * listeners, subscriptions and offline queue survive. It never sends again what it has lost.
 */
export function replaceNodeRedis3Connection(
  client: NodeRedis3Client,
  inFlight: InFlight,
  own: ReadonlySet<unknown>,
  cause: ReplacementCause,
): Replacement {
  // A stream of the user's own cannot be opened anew.
  if (client.closing || client.options?.stream !== undefined) return "impossible";
  // Connecting, or waiting for the next attempt.
  if (!client.connected) return "replacing";
  if (cause === "wrongServer") {
    // The server still answers what it has received.
    client.stream?.end?.();
    return "replacing";
  }
  if (hasOtherCommands(client, own)) return "busy";
  inFlight.abandon(replacedMessage[cause]);
  client.stream?.destroy?.();
  return "replacing";
}

/** Whether anything but our own commands and the handshake is unanswered; true where that cannot be known. */
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
