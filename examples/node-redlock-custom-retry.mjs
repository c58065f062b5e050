// Exponential backoff, a renewal, and the contents of Redis.
import { IoredisClient, RedisjsClient, Redlock } from "holdfast/redlock";
import { Redis } from "ioredis";
import { createClient } from "redis";

const urls = (process.env.REDIS_URLS ?? "redis://127.0.0.1:6379 redis://127.0.0.1:6380").split(" ");
const resource = process.env.RESOURCE ?? "locks:example";

const ioredis = new Redis(urls[0]);
const redisjs = createClient({ url: urls[1] });
redisjs.on("error", (error) => console.error(error.message));
await redisjs.connect();

const client = new IoredisClient(ioredis);
const redlock = new Redlock([client, new RedisjsClient(redisjs)]);

// The first attempt is number 0: 100 ms, 200 ms, 400 ms…
const retryStrategy = (attempt) => {
  const delay = 2 ** attempt * 100;
  console.log(`  attempt ${attempt} failed, wait ${delay} ms`);
  return delay;
};

const lock = await redlock.acquireLockWithCustomRetry(resource, 10_000, retryStrategy);
if (lock === null) throw new Error(`${resource} is held by another caller`);
console.log(`acquired ${resource}`);

const other = await redlock.acquireLockWithCustomRetry(resource, 10_000, retryStrategy);
console.log(`another caller gets ${other === null ? "null" : "the lock"}`);

const renewed = await redlock.renewLock(lock.resource, lock.value, 20_000);
console.log(`renewed: ${renewed}`);

const ttl = await client.getTTL(resource);
const value = await client.get(resource);
console.log(`ttl in Redis: ${ttl} ms, ${ttl > 10_000 ? "longer" : "not longer"} than before`);
console.log(`value in Redis: ${value}, ${value === lock.value ? "ours" : "not ours"}`);

await redlock.releaseLock(lock.resource, lock.value);
console.log(`released, value in Redis: ${await client.get(resource)}`);

await ioredis.quit();
await redisjs.close();
