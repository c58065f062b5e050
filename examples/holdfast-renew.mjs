// A custom retry strategy, a renewal, and the contents of Redis.
import { createLocks, LockContendedError } from "holdfast";
import { Redis } from "ioredis";

const urls = (process.env.REDIS_URLS ?? "redis://127.0.0.1:6379 redis://127.0.0.1:6380").split(" ");
const resource = process.env.RESOURCE ?? "locks:example";

const clients = urls.map((url) => new Redis(url));
const locks = createLocks({ nodes: clients, owner: "example" });
locks.on("retrying", ({ attempt, delay, reason }) => {
  console.log(`  attempt ${attempt}: ${reason}, next in ${delay} ms`);
});
locks.on("renewed", ({ votes }) => console.log(`  renewed, ${votes.length} votes`));

// `attempt` counts from 1. `false` gives up.
const retry = (attempt) => (attempt > 2 ? false : 2 ** attempt * 100);

// `renew: false`: renewed only by lease.renew(). By default, a lease is renewed until it is released.
const lease = await locks.acquire(resource, { ttl: 10_000, renew: false, retry });
console.log(`acquired, ${Math.round(lease.remaining())} ms left`);

try {
  await locks.acquire(resource, { retry });
} catch (error) {
  if (!(error instanceof LockContendedError)) throw error;
  console.log(`refused after ${error.attempts} attempts: held by ${error.holder?.owner}`);
}

await lease.renew(20_000);
console.log(`renewed, ${Math.round(lease.remaining())} ms left`);

// The state as the nodes report it. It never contains the token, so it is safe to log.
const { held, holder } = await locks.inspect(resource);
console.log(`held: ${held}, by ${holder?.owner}, for ${holder?.ttlLeft} ms`);

// The key in Redis: a string with an expiry, as in every Redlock implementation.
console.log(`ttl in Redis: ${await clients[0].pttl(resource)} ms`);
console.log(`value in Redis: ${await clients[0].get(resource)}`);

lease.assertHeld(); // throws if the lease is over: check right before a critical operation
console.log(`release: ${await lease.release()}`);
console.log(`release again: ${await lease.release()}`);
console.log(`value in Redis: ${await clients[0].get(resource)}`);

await locks.close();
await Promise.all(clients.map((client) => client.quit()));
