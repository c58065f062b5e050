// A job that lost its lock writes late. The fence of the record refuses the write, whatever the job believes.
import { createLocks } from "holdfast";
import { guard, isHoldfastError } from "holdfast/guard";
import { Redis } from "ioredis";

const urls = (
  process.env.REDIS_URLS ?? "redis://127.0.0.1:6379 redis://127.0.0.1:6380 redis://127.0.0.1:6381"
).split(" ");
const resource = process.env.RESOURCE ?? "locks:example";

// In production these would be two processes. The record is on one server, which need not be a node of the lock.
const alice = createLocks({ nodes: urls, owner: "alice" });
const bob = createLocks({ nodes: urls, owner: "bob" });
const storage = new Redis(urls[0]);
const record = `${resource}:report`;

/** Writes the record, unless the holder of a newer lease has written it. */
async function write(fence, text) {
  const { script, keys, args, outcome } = guard(fence).redis({ key: record, command: ["SET", text] });
  return outcome(await storage.eval(script, keys.length, ...keys, ...args));
}

// No renewal, as if her process stalled from now on because it or its machine was suspended.
const hers = await alice.acquire(resource, { fence: true, ttl: 500, renew: false, onLost() {} });
console.log(`alice has the lock, fence ${hers.fence}`);
console.log("alice's process stalls for longer than her lock lasts");

const his = await bob.acquire(resource, { fence: true });
console.log(`bob has the lock, fence ${his.fence}, a higher one: ${his.fence > hers.fence}`);
console.log(`bob writes: ${await write(his.fence, "by bob")}`);

console.log("alice resumes, and writes with her old fence");
try {
  console.log(`alice writes: ${await write(hers.fence, "by alice")}`);
} catch (error) {
  if (!isHoldfastError(error, "STALE_FENCE")) throw error;
  console.log(`refused: ${error}`);
}

// The same lease may write any number of times.
console.log(`bob writes once more: ${await write(his.fence, "by bob, twice")}`);
console.log(`the record says: ${await storage.get(record)}`);

await his.release();
await storage.del(record, `{${record}}:fence`);
await storage.quit();
await alice.close();
await bob.close();
