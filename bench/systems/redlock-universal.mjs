import { createLock, createRedlock, IoredisAdapter, NodeRedisAdapter } from "redlock-universal";
import { held } from "./held.mjs";

export function openRedlockUniversal(clients, { client, ttl, patient, retryDelay }) {
  const Adapter = client === "ioredis" ? IoredisAdapter : NodeRedisAdapter;
  const adapters = clients.map((each) => new Adapter(each));
  const settings = {
    ttl,
    ...(patient && { retryAttempts: 1_000_000 }),
    ...(retryDelay !== undefined && { retryDelay }),
  };
  const lockOf = (key) =>
    adapters.length === 1
      ? createLock({ adapter: adapters[0], key, ...settings })
      : createRedlock({ adapters, key, ...settings });
  return {
    acquire: async (resource) => {
      const lock = lockOf(resource);
      const handle = await lock.acquire();
      return () => lock.release(handle);
    },
    hold: (resource, onLost) => held((job) => lockOf(resource).using(job), onLost),
  };
}
