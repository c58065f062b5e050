// A mistake: two clients of ONE server. The server would vote twice, so the second client is refused.
import { DuplicateNodeError } from "holdfast";
import { IoredisClient, RedisjsClient, Redlock } from "holdfast/redlock";
import { Redis } from "ioredis";
import { createClient } from "redis";

const [url] = (process.env.REDIS_URLS ?? "redis://127.0.0.1:6379").split(" ");
const resource = process.env.RESOURCE ?? "locks:example";

const ioredis = new Redis(url);
const redisjs = createClient({ url });
redisjs.on("error", (error) => console.error(error.message));
await redisjs.connect();

const redlock = new Redlock([new IoredisClient(ioredis), new RedisjsClient(redisjs)]);
try {
  await redlock.acquireLock(resource, 10_000);
} catch (error) {
  if (!(error instanceof DuplicateNodeError)) throw error;
  console.log(`${error.name}: ${error.message}`);
  console.log("What to do: one client for each server. One server is enough to begin with:");
}

const single = new Redlock([new IoredisClient(ioredis)]);
const lock = await single.acquireLock(resource, 10_000);
if (lock) {
  console.log("acquired with one client");
  await single.releaseLock(lock.resource, lock.value);
}

await ioredis.quit();
await redisjs.close();
