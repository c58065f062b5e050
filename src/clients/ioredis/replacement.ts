import type { Replacement } from "../../engine/node/lock-node.js";
import { LostError } from "../failure.js";
import type { InFlight } from "../in-flight.js";
import { type ReplacementCause, replacedMessage } from "../replacement.js";
import type { IoredisClient, IoredisOwner, QueuedCommand } from "./client.js";

interface Circumstances {
  readonly inFlight: InFlight;
  /** The scripts that were sent from here, as texts and as SHA-1: that is how our own commands are told from others. */
  readonly own: ReadonlySet<unknown>;
  /** Only a user's connection may have other commands than ours in flight. A Cluster gives up what it has lost. */
  readonly owner: IoredisOwner;
  readonly cause: ReplacementCause;
}

/** What ioredis itself sends on a new connection, and again on the next one; without a ready check it does not wait for it. */
const handshake = new Set(["hello", "auth", "select", "client", "readonly"]);

/**
 * Ends the socket under an ioredis client, version 4 to 6, which then connects again by its own means: its options,
 * listeners and subscriptions survive, and so does what waits in its offline queue.
 */
export function replaceIoredisConnection(client: IoredisClient, circumstances: Circumstances): Replacement {
  const { inFlight, owner, cause } = circumstances;
  if (client.disconnect === undefined || client.status === "end") return "impossible";
  // The client would not connect again.
  if (owner !== "cluster" && typeof client.options.retryStrategy !== "function") return "impossible";
  if (client.status === "wait") client.connect().catch(() => {});
  // Any other state is on its way to a new connection, and bounded by the client's own timeouts.
  if (client.status !== "ready" && client.status !== "connect") return "replacing";
  const others = owner !== "holdfast" && hasOtherCommands(client, circumstances.own);
  if (cause === "wrongServer") {
    // The server still answers what it has received. The rest is sent again by the client, in order.
    client.disconnect(true);
    return "replacing";
  }
  if (others) return "busy";
  const lost = new LostError(replacedMessage[cause]);
  // Otherwise the client would send our own commands again, which are answered as lost. What belongs to the handshake must
  // not fail: the client would take that for a reason to refuse all that waits for the connection.
  if (client.status === "ready") client.flushQueue?.(lost, { offlineQueue: false });
  inFlight.abandon(lost.message);
  client.disconnect(true);
  // That waits for the other end, which does not answer.
  client.stream?.destroy?.();
  return "replacing";
}

/** Whether anything but our own commands and the handshake is unanswered; true where that cannot be known. */
function hasOtherCommands({ commandQueue, status }: IoredisClient, own: ReadonlySet<unknown>): boolean {
  if (commandQueue === undefined) return true;
  for (let index = 0; index < commandQueue.length; index++) {
    const command = commandQueue.peekAt(index)?.command;
    if (command === undefined) return true;
    if (isOwn(command, own) || handshake.has(command.name)) continue;
    if (command.name === "info" && status === "connect") continue;
    return true;
  }
  return false;
}

const isOwn = ({ name, args }: QueuedCommand, own: ReadonlySet<unknown>): boolean =>
  name === "asking" || (name.startsWith("eval") && own.has(args[0]));

/**
 * Takes our own commands out of what an ioredis client is about to send again after a lost connection: they are answered as
 * lost, and nobody waits for them any more. What belongs to its user stays, in order.
 */
export function withdrawOwnCommands({ prevCommandQueue }: IoredisClient, own: ReadonlySet<unknown>): void {
  if (!prevCommandQueue) return;
  for (let index = 0; index < prevCommandQueue.length; ) {
    const command = prevCommandQueue.peekAt(index)?.command;
    if (command !== undefined && isOwn(command, own)) prevCommandQueue.remove(index, 1);
    else index++;
  }
}
