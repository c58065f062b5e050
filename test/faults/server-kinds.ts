import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { RedisServer } from "../support/servers.js";
import { type Aim, healed, type Kind, nothing, reconnected, rested } from "./kind.js";
import type { Link } from "./proxy.js";
import { type Stage, standardOptions } from "./stage.js";

const { ttl, nodeTimeout } = standardOptions;

/** Some of the clients, by chance; at least one. */
const some = (links: readonly Link[], chance: number): Link[] =>
  links.filter(
    (_, index) => index === Math.floor(chance * links.length) || (chance * 997 * (index + 1)) % 1 < 0.5,
  );

async function restartWith(server: RedisServer, keep: boolean): Promise<void> {
  if (!keep) await rm(join(server.directory, "dump.rdb"), { force: true });
  await server.restart();
}

const hold =
  (way: "toServer" | "toClient" | "both") =>
  (stage: Stage, { target, chance }: Aim) => {
    const links = some(stage.linksTo(target), chance);
    for (const link of links) link.hold(way);
    return healed(links, (chance * 31) % 1 < 0.5);
  };

/** What can happen to a server, and to its links. */
export const serverKinds = {
  "SIGKILL, down for longer than the ttl, restart empty": {
    scope: "server",
    weight: 2,
    lasts: [ttl + 300, ttl + 1_500],
    settles: rested,
    forgets: true,
    async begin({ servers }, { target }) {
      await servers[target]?.kill();
      return () => restartWith(servers[target] as RedisServer, false);
    },
  },
  "SIGKILL, restart empty": {
    scope: "server",
    weight: 3,
    lasts: [0, 800],
    settles: rested,
    forgets: true,
    async begin({ servers }, { target }) {
      await servers[target]?.kill();
      return () => restartWith(servers[target] as RedisServer, false);
    },
  },
  "SIGKILL, restart from an old snapshot": {
    scope: "server",
    weight: 3,
    lasts: [300, 1_500],
    settles: rested,
    forgets: true,
    async begin({ servers }, { target }) {
      await servers[target]?.call("SAVE");
      return () => restartWith(servers[target] as RedisServer, true);
    },
  },
  FLUSHALL: {
    scope: "server",
    weight: 3,
    lasts: [0, 0],
    settles: rested,
    forgets: true,
    async begin({ servers }, { target }) {
      await servers[target]?.call("FLUSHALL");
      return nothing;
    },
  },
  "the marker of its memory deleted": {
    scope: "server",
    weight: 2,
    lasts: [0, 0],
    settles: rested,
    forgets: true,
    async begin({ servers }, { target }) {
      await servers[target]?.call("DEL", "holdfast:memory");
      return nothing;
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
    begin(stage, { target, chance }) {
      const links = stage.linksTo(target);
      for (const link of links) link.delay(10 + chance * nodeTimeout);
      return healed(links, false);
    },
  },
  "connections cut and refused": {
    scope: "server",
    weight: 4,
    lasts: [100, 1_500],
    settles: reconnected,
    begin(stage, { target }) {
      const links = stage.linksTo(target);
      for (const link of links) {
        link.refusing = true;
        link.cut();
      }
      return healed(links, false);
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
    async begin({ servers }) {
      // Those that stand still or are down forget nothing now.
      await Promise.allSettled(servers.map((server) => server.call("FLUSHALL")));
      return nothing;
    },
  },
} as const satisfies Record<string, Kind>;
