// Two servers, each with a different client library: only one caller can hold the lock.
import { IoredisClient, RedisjsClient, Redlock } from "holdfast/redlock";
import { Redis } from "ioredis";
import { createClient } from "redis";

const urls = (process.env.REDIS_URLS ?? "redis://127.0.0.1:6379 redis://127.0.0.1:6380").split(" ");
const resource = process.env.RESOURCE ?? "locks:example";
const ttl = 10_000; // ms

const ioredis = new Redis(urls[0]);
const redisjs = createClient({ url: urls[1] });
redisjs.on("error", (error) => console.error(error.message));
await redisjs.connect();

// One client per server. Two clients of one server are refused: see node-redlock-same-server.mjs.
const redlock = new Redlock([new IoredisClient(ioredis), new RedisjsClient(redisjs)]);
redlock.on("clientError", (error) => console.error(error.message));

const first = await redlock.acquireLock(resource, ttl);
console.log(first ? `1. acquired ${first.resource}` : "1. refused");

// Three attempts, 200 ms apart. All are refused, because the lock is held.
const second = await redlock.acquireLock(resource, ttl);
console.log(second ? `2. acquired ${second.resource}` : "2. refused");

if (first) {
  await redlock.releaseLock(first.resource, first.value);
  console.log("released");
}

const third = await redlock.acquireLock(resource, ttl);
console.log(third ? `3. acquired ${third.resource}` : "3. refused");
if (third) {
  await redlock.releaseLock(third.resource, third.value);
  console.log("released");
}

await ioredis.quit();
await redisjs.close();
