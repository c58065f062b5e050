import type { LockNode } from "../engine/node/lock-node.js";
import { InvalidOptionError } from "../errors.js";
import { testSafely } from "../support/untrusted.js";
import { RedisNode } from "./redis-node.js";
import type { ScriptClient } from "./script-client.js";

const allowed =
  "a script client: an object with name (a string), keyspace ({ prefix, database } or null), connection " +
  '("connecting", "ready" or "down"), watch(listener) and route(key)';

const states = ["connecting", "ready", "down"];

/**
 * Makes a lock node of an adapter for a client of your own, so that any client that can run Lua scripts on a Redis or
 * Valkey server is an entry of `nodes`. `nodeContract` of `holdfast/testing` checks such a node.
 *
 * @throws InvalidOptionError if the adapter lacks a required property
 */
export function redisNode(client: ScriptClient): LockNode {
  const isClient = testSafely(
    () =>
      typeof client.name === "string" &&
      (client.keyspace === null || typeof client.keyspace?.prefix === "string") &&
      states.includes(client.connection) &&
      typeof client.watch === "function" &&
      typeof client.route === "function",
  );
  if (!isClient) throw new InvalidOptionError("client", client, allowed);
  return new RedisNode(client);
}
