import type { Replacement } from "../../engine/node/lock-node.js";
import { LostError } from "../failure.js";
import type { InFlight } from "../in-flight.js";
import type { ReplacementCause } from "../replacement.js";
import type { IoredisClient, IoredisOwner, QueuedCommand } from "./library.js";

interface ReplacementContext {
  readonly inFlight: InFlight;
  /** Scripts sent by this adapter, as text and as SHA-1. They distinguish our own commands from the user's. */
  readonly own: ReadonlySet<unknown>;
  /** Only a user's connection may carry other commands. A Cluster's connection does not resend what it has lost. */
  readonly owner: IoredisOwner;
  readonly cause: ReplacementCause;
}

/**
 * The commands that ioredis sends on a new connection, and again on the next one. Without a ready check ioredis does
 * not wait for their replies.
 */
const handshake = new Set(["hello", "auth", "select", "client", "readonly"]);

/**
 * Ends the socket of an ioredis client, version 4 to 6. The client then reconnects by itself: its options, listeners,
 * subscriptions and offline queue survive.
 */
export function replaceIoredisConnection(client: IoredisClient, context: ReplacementContext): Replacement {
  const { inFlight, owner, cause } = context;
  if (client.disconnect === undefined || client.status === "end") return "impossible";
  // This client would not reconnect.
  if (owner !== "cluster" && typeof client.options.retryStrategy !== "function") return "impossible";
  if (client.status === "wait") client.connect().catch(() => {});
  // In any other state the client is opening a connection, bounded by its own timeouts.
  if (client.status !== "ready" && client.status !== "connect") return "replacing";
  const others = owner !== "holdfast" && hasOtherCommands(client, context.own);
  if (cause.kind === "wrongServer") {
    // The server still answers the commands that it has received. The client sends the others again, in order.
    client.disconnect(true);
    return "replacing";
  }
  if (others) return "busy";
  const lost = new LostError(cause.message);
  // Without flushing, the client would resend our own commands, although they are answered as lost. Handshake commands
  // must not fail: the client would then reject everything that waits for the connection.
  if (client.status === "ready") client.flushQueue?.(lost, { offlineQueue: false });
  inFlight.abandon(lost.message);
  client.disconnect(true);
  // disconnect() waits for the other end, which does not answer.
  client.stream?.destroy?.();
  return "replacing";
}

/** Whether the client has unanswered commands besides our own and the handshake; true if that is unknown. */
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
 * Removes our own commands from those that an ioredis client is about to resend after a lost connection: they are
 * answered as lost already. The user's commands stay, in order.
 */
export function withdrawOwnCommands({ prevCommandQueue }: IoredisClient, own: ReadonlySet<unknown>): void {
  if (!prevCommandQueue) return;
  for (let index = 0; index < prevCommandQueue.length; ) {
    const command = prevCommandQueue.peekAt(index)?.command;
    if (command !== undefined && isOwn(command, own)) prevCommandQueue.remove(index, 1);
    else index++;
  }
}
