import { Redis } from "ioredis";
import { blocking, type DemoServers, listed } from "./demo-servers.js";

/**
 * Real servers. The demo does not stop servers: it simulates an outage by closing its own connections, and ends the
 * outage by opening them again.
 */
export function redisServers(addresses: readonly string[]): DemoServers {
  const clients = new Map<string, readonly Redis[]>();
  const names = addresses.map((address) => new URL(address).host);
  const all = () => [...clients.values()];
  const open = (address: string) => {
    const client = new Redis(address, { maxRetriesPerRequest: 0, enableOfflineQueue: false });
    // An unreachable server shows in the votes.
    client.on("error", () => undefined);
    return client;
  };
  const act = (indices: readonly number[], change: (client: Redis) => void) => {
    for (const own of all()) for (const index of indices) if (own[index] !== undefined) change(own[index]);
    return listed(indices.map((index) => names[index] ?? ""));
  };
  const cut = (client: Redis) => client.disconnect();
  const join = (client: Redis) => void client.connect().catch(() => undefined);
  const one = [addresses.length - 1];
  const majority = addresses.slice(0, blocking(addresses.length)).map((_, index) => index);
  return {
    names,
    nodesOf(worker) {
      const own = addresses.map(open);
      clients.set(worker, own);
      return own;
    },
    breakOne: () => `cut our own connections to ${act(one, cut)} (the server itself goes on)`,
    restoreOne: () => `connecting to ${act(one, join)} again`,
    restored: "has the lock (it was not really gone)",
    breakMajority: () =>
      `cut our own connections to ${act(majority, cut)}: no quorum of ${addresses.length} is left`,
    restoreMajority: () => `connecting to ${act(majority, join)} again`,
    close() {
      for (const client of all().flat()) client.disconnect();
    },
  };
}
