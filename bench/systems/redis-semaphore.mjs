import { Mutex, RedlockMutex } from "redis-semaphore";

export function openRedisSemaphore(clients, { ttl, patient }) {
  const options = { lockTimeout: ttl, ...(patient && { acquireTimeout: Number.POSITIVE_INFINITY }) };
  const mutex = (resource, more) =>
    clients.length === 1 ? new Mutex(clients[0], resource, more) : new RedlockMutex(clients, resource, more);
  const take = async (resource, more) => {
    const lock = mutex(resource, more);
    await lock.acquire();
    return () => lock.release();
  };
  return {
    acquire: (resource) => take(resource, options),
    // The library renews by default.
    hold: (resource, onLockLost) => take(resource, { ...options, onLockLost }),
  };
}
