import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type RedisServer, startServer, waitUntil } from "../support/servers.js";
import { type Aim, forgetful, healed, type Kind, nothing, reconnected } from "./kind.js";
import type { Link } from "./proxy.js";
import { standardOptions, type Testbed } from "./testbed.js";

const { ttl, nodeTimeout } = standardOptions;
const COPY_TIMEOUT_MS = 10_000;

/** Picks at least one of the clients at random. */
const some = (links: readonly Link[], chance: number): Link[] =>
  links.filter(
    (_, index) => index === Math.floor(chance * links.length) || (chance * 997 * (index + 1)) % 1 < 0.5,
  );

/** Time in ms in which a silent connection is detected and replaced. */
const silence = 2_500;

/** Makes a server a replica, and resolves when it follows its master. */
async function copyOf(replica: RedisServer, master: RedisServer): Promise<void> {
  await master.call("CONFIG", "SET", "repl-diskless-sync-delay", 0);
  await replica.call("REPLICAOF", "127.0.0.1", master.port);
  await waitUntil("the replica follows its master", COPY_TIMEOUT_MS, async () =>
    String(await replica.call("INFO", "replication")).includes("master_link_status:up"),
  );
}

async function flushScripts(server: RedisServer, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await server.call("SCRIPT", "FLUSH");
    await sleep(5, undefined, { signal }).catch(() => {});
  }
}

async function restartWith(server: RedisServer, keep: boolean): Promise<void> {
  if (!keep) await rm(join(server.directory, "dump.rdb"), { force: true });
  await server.restart();
}

const hold =
  (way: "toServer" | "toClient" | "both") =>
  (testbed: Testbed, { target, chance }: Aim) => {
    const links = some(testbed.linksTo(target), chance);
    for (const link of links) link.hold(way);
    return healed(links, (chance * 31) % 1 < 0.5);
  };

/** Faults of a server and of its links. */
export const serverKinds = {
  "SIGKILL, down for longer than the ttl, restart empty": {
    scope: "server",
    weight: 2,
    lasts: [ttl + 300, ttl + 1_500],
    ...forgetful,
    async begin({ servers }, { target }) {
      await servers[target]?.kill();
      return () => restartWith(servers[target] as RedisServer, false);
    },
  },
  "SIGKILL, restart empty": {
    scope: "server",
    weight: 3,
    lasts: [0, 800],
    ...forgetful,
    async begin({ servers }, { target }) {
      await servers[target]?.kill();
      return () => restartWith(servers[target] as RedisServer, false);
    },
  },
  "SIGKILL, restart from an old snapshot": {
    scope: "server",
    weight: 3,
    lasts: [300, 1_500],
    ...forgetful,
    restores: true,
    async begin({ servers }, { target }) {
      await servers[target]?.call("SAVE");
      return () => restartWith(servers[target] as RedisServer, true);
    },
  },
  FLUSHALL: {
    scope: "server",
    weight: 3,
    lasts: [0, 0],
    ...forgetful,
    async begin({ servers }, { target }) {
      await servers[target]?.call("FLUSHALL");
      return nothing;
    },
  },
  "the marker of its memory deleted": {
    scope: "server",
    weight: 2,
    lasts: [0, 0],
    ...forgetful,
    async begin({ servers }, { target }) {
      await servers[target]?.call("DEL", "holdfast:memory");
      return nothing;
    },
  },
  "made a replica of a stale copy, and promoted": {
    scope: "server",
    weight: 3,
    lasts: [300, 1_000],
    ...forgetful,
    restores: true,
    async begin(testbed, { target }) {
      const server = testbed.servers[target] as RedisServer;
      const copy = await startServer();
      testbed.extras.add(copy);
      await copyOf(copy, server);
      await copy.call("REPLICAOF", "NO", "ONE");
      return async () => {
        await copyOf(server, copy);
        await server.call("REPLICAOF", "NO", "ONE");
        testbed.extras.delete(copy);
        await copy.stop();
      };
    },
  },
  "SIGSTOP and SIGCONT of a server": {
    scope: "server",
    weight: 6,
    lasts: [200, 2_000],
    settles: nodeTimeout,
    async begin({ servers }, { target }) {
      await servers[target]?.suspend();
      return () => servers[target]?.resume();
    },
  },
  "CLIENT KILL": {
    scope: "server",
    weight: 6,
    lasts: [0, 0],
    settles: 500,
    async begin({ servers }, { target }) {
      await servers[target]?.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      return nothing;
    },
  },
  "SCRIPT FLUSH": {
    scope: "server",
    weight: 5,
    lasts: [0, 0],
    settles: 0,
    async begin({ servers }, { target }) {
      await servers[target]?.call("SCRIPT", "FLUSH");
      return nothing;
    },
  },
  "SCRIPT FLUSH, again and again": {
    scope: "server",
    weight: 3,
    lasts: [200, 1_000],
    settles: 0,
    begin({ servers }, { target }) {
      const ended = new AbortController();
      const { signal } = ended;
      const flushed = flushScripts(servers[target] as RedisServer, signal);
      return async () => {
        ended.abort();
        await flushed;
      };
    },
  },
  "full memory": {
    scope: "server",
    weight: 4,
    lasts: [200, 2_000],
    settles: 100,
    async begin({ servers }, { target }) {
      await servers[target]?.call("CONFIG", "SET", "maxmemory", 1);
      return async () => void (await servers[target]?.call("CONFIG", "SET", "maxmemory", 0));
    },
  },
  "slow network": {
    scope: "server",
    weight: 5,
    lasts: [300, 2_000],
    settles: nodeTimeout,
    begin(testbed, { target, chance }) {
      const links = testbed.linksTo(target);
      for (const link of links) link.delay(10 + chance * nodeTimeout);
      return healed(links, false);
    },
  },
  "connections cut and refused": {
    scope: "server",
    weight: 4,
    lasts: [100, 1_500],
    settles: reconnected,
    begin(testbed, { target }) {
      const links = testbed.linksTo(target);
      for (const link of links) {
        link.refusing = true;
        link.cut();
      }
      return healed(links, false);
    },
  },
  "connections forgotten on the way": {
    scope: "server",
    weight: 4,
    lasts: [0, 0],
    settles: silence,
    begin(testbed, { target, chance }) {
      for (const link of some(testbed.linksTo(target), chance)) link.forget();
      return nothing;
    },
  },
  "partition between a server and some clients": {
    scope: "server",
    weight: 5,
    lasts: [300, 2_500],
    settles: reconnected,
    begin: hold("both"),
  },
  "nothing gets through to a server": {
    scope: "server",
    weight: 4,
    lasts: [300, 2_500],
    settles: reconnected,
    begin: hold("toServer"),
  },
  "nothing comes back from a server": {
    scope: "server",
    weight: 4,
    lasts: [300, 2_500],
    settles: reconnected,
    begin: hold("toClient"),
  },
  eviction: {
    scope: "server",
    weight: 3,
    lasts: [50, 300],
    settles: 0,
    beyond: true,
    async begin({ servers }, { target }) {
      const set = (policy: string, most: number) =>
        servers[target]?.call("CONFIG", "SET", "maxmemory-policy", policy, "maxmemory", most);
      await set("allkeys-random", 1);
      return async () => void (await set("noeviction", 0));
    },
  },
  "FLUSHALL of all servers": {
    scope: "server",
    weight: 1,
    lasts: [0, 0],
    settles: 0,
    beyond: true,
    everywhere: true,
    async begin({ servers }) {
      // Servers that are suspended or down keep their data.
      await Promise.allSettled(servers.map((server) => server.call("FLUSHALL")));
      return nothing;
    },
  },
} as const satisfies Record<string, Kind>;
