// Two servers, each with a different client library. Two programs contend for one lock.
import { createLocks } from "holdfast";
import { Redis } from "ioredis";
import { createClient } from "redis";

const urls = (process.env.REDIS_URLS ?? "redis://127.0.0.1:6379 redis://127.0.0.1:6380").split(" ");
const resource = process.env.RESOURCE ?? "locks:example";

const ioredis = new Redis(urls[0]);
const nodeRedis = createClient({ url: urls[1] });
nodeRedis.on("error", (error) => console.error(error.message));

// In production these would be two processes, with different names and the same nodes.
const alice = createLocks({ nodes: [ioredis, nodeRedis], owner: "alice" });
const bob = createLocks({ nodes: [ioredis, nodeRedis], owner: "bob" });

for (const locks of [alice, bob]) {
  locks.on("failed", ({ error }) => console.log(`  failed: ${error}`));
  locks.on("released", ({ resources }) => console.log(`  released: ${resources}`));
}
alice.on("acquired", ({ votes }) => console.log(`  acquired by alice, ${votes.length} votes`));
bob.on("acquired", ({ votes }) => console.log(`  acquired by bob, ${votes.length} votes`));

console.log("alice takes the lock");
const hers = await alice.acquire(resource, { ttl: 10_000 });

console.log("bob tries once");
const his = await bob.tryAcquire(resource);
console.log(`bob has ${his === null ? "nothing" : "the lock"}`);

const { holder } = await bob.inspect(resource);
console.log(`it is held by ${holder?.owner}`);

console.log("alice gives it back");
await hers.release();

console.log("bob tries again");
const second = await bob.tryAcquire(resource);
console.log(`bob has ${second === null ? "nothing" : "the lock"}`);
await second?.release();

await alice.close();
await bob.close();
// Holdfast does not close clients that it did not create.
await ioredis.quit();
await nodeRedis.close();
