import { RedisNode } from "../../src/clients/redis-node.js";
import type { ReplacementCause } from "../../src/clients/replacement.js";
import type { ScriptClient, ScriptConnection } from "../../src/clients/script-client.js";
import type { Connection, Replacement } from "../../src/engine/node/lock-node.js";
import type { Clock } from "../../src/engine/time/clock.js";
import { systemClock } from "../../src/engine/time/system-clock.js";

/** A node over a fake client: `call` replaces the library's EVALSHA and EVAL. */
export function nodeOver(
  call: (command: "EVALSHA" | "EVAL", keys: readonly string[]) => unknown,
  {
    connection = "ready",
    ready = () => true,
    replace,
    session,
    clock = systemClock,
    sharded = false,
  }: {
    readonly connection?: Connection;
    readonly ready?: () => boolean;
    readonly replace?: (cause: ReplacementCause) => Replacement;
    readonly session?: () => unknown;
    readonly clock?: Clock;
    readonly sharded?: boolean;
  } = {},
): RedisNode {
  const to: ScriptConnection = {
    get ready() {
      return ready();
    },
    get session() {
      return session?.();
    },
    evalsha: (_sha, keys) => call("EVALSHA", keys) as Promise<unknown>,
    eval: (_script, keys) => call("EVAL", keys) as Promise<unknown>,
  };
  const client: ScriptClient = {
    name: "fake",
    keyspace: { prefix: "", database: 0 },
    sharded,
    connection,
    trouble: "",
    watch: () => () => {},
    connect: () => {},
    close: async () => {},
    route: () => to,
    ...(replace === undefined ? {} : { replaceConnection: replace }),
  };
  return new RedisNode(client, clock);
}
