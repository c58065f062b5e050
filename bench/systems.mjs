/**
 * What is compared. Each system has:
 * - `clients`: the client libraries that it takes;
 * - `open(clients, { client, ttl, patient, retryDelay })`, which gives `acquire(resource, caller)`, whose result is the
 *   function that releases, and, if the system renews leases, `hold(resource, onLost)`, the same with renewal;
 * - `retryDelays`: what to try under contention; undefined is the system's own default. `patient` peers never give up.
 */
import { bare, grouped } from "./systems/bare.mjs";
import { holdfast, kept, watched } from "./systems/holdfast.mjs";
import { redisSemaphore } from "./systems/redis-semaphore.mjs";
import { redlock } from "./systems/redlock.mjs";
import { redlockUniversal } from "./systems/redlock-universal.mjs";

export { bare };

const peers = [redlock, redisSemaphore, redlockUniversal];
const all = [holdfast, watched, kept, ...peers, bare, grouped];

export const peerNames = peers.map(({ name }) => name);

/** Those that are locks, one row each. */
export const lockNames = [holdfast.name, ...peerNames];

export const systemNamed = (name) => all.find((system) => system.name === name);

export const namesFor = (client) =>
  all.filter(({ clients }) => clients.includes(client)).map(({ name }) => name);

export const isPeer = (name) => peerNames.includes(name);
