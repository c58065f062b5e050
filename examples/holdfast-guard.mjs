// A job whose lock was lost writes late. The record's fence refuses it, whatever the job believes.
import { createLocks } from "holdfast";
import { guard, isHoldfastError } from "holdfast/guard";
import { Redis } from "ioredis";

const urls = (
  process.env.REDIS_URLS ?? "redis://127.0.0.1:6379 redis://127.0.0.1:6380 redis://127.0.0.1:6381"
).split(" ");
const resource = process.env.RESOURCE ?? "locks:example";

// In real life two processes. The record is on one server, which need not be one of the lock's.
const alice = createLocks({ nodes: urls, owner: "alice" });
const bob = createLocks({ nodes: urls, owner: "bob" });
const storage = new Redis(urls[0]);
const record = `${resource}:report`;

/** Writes the record, unless a newer lease's holder has. */
async function write(fence, text) {
  const { script, keys, args, outcome } = guard(fence).redis({ key: record, command: ["SET", text] });
  return outcome(await storage.eval(script, keys.length, ...keys, ...args));
}

// Not renewed, as if her process stood still from now on: it was suspended, or its machine was.
const hers = await alice.acquire(resource, { fence: true, ttl: 500, renew: false });
console.log(`alice has the lock, fence ${hers.fence}`);
console.log("alice's process stands still, longer than her lock lasts");

const his = await bob.acquire(resource, { fence: true });
console.log(`bob has the lock, fence ${his.fence}, a higher one: ${his.fence > hers.fence}`);
console.log(`bob writes: ${await write(his.fence, "by bob")}`);

console.log("alice wakes up, and writes what she had in hand");
try {
  console.log(`alice writes: ${await write(hers.fence, "by alice")}`);
} catch (error) {
  if (!isHoldfastError(error, "STALE_FENCE")) throw error;
  console.log(`refused: ${error}`);
}

// One lease may write as often as it likes.
console.log(`bob writes once more: ${await write(his.fence, "by bob, twice")}`);
console.log(`the record says: ${await storage.get(record)}`);

await his.release();
await storage.del(record, `{${record}}:fence`);
await storage.quit();
await alice.close();
await bob.close();
