import Redlock from "redlock-5";
import { held } from "./held.mjs";

export function openRedlock(clients, { ttl, patient, retryDelay }) {
  const locks = new Redlock(clients);
  const settings = {
    ...(patient && { retryCount: -1 }),
    ...(retryDelay !== undefined && { retryDelay, retryJitter: retryDelay / 2 }),
  };
  return {
    acquire: async (resource) => {
      const lock = await locks.acquire([resource], ttl, settings);
      return () => lock.release();
    },
    hold: (resource, onLost) => held((job) => locks.using([resource], ttl, settings, job), onLost),
  };
}
