// A program for redlock 5: several resources, renewed while the routine runs. Only the first import is new.
import { setTimeout as pause } from "node:timers/promises";
import Redlock, { ExecutionError, ResourceLockedError } from "holdfast/redlock";
import { Redis } from "ioredis";

const urls = (
  process.env.REDIS_URLS ?? "redis://127.0.0.1:6379 redis://127.0.0.1:6380 redis://127.0.0.1:6381"
).split(" ");
const resource = process.env.RESOURCE ?? "locks:example";
const accounts = [`${resource}:alice`, `${resource}:bob`];

const redlock = new Redlock(
  urls.map((url) => new Redis(url)),
  { retryCount: 5, retryDelay: 100, automaticExtensionThreshold: 1_000 },
);

let refusals = 0;
redlock.on("error", (error) => {
  // Another caller holds the lock. This is not a fault.
  if (error instanceof ResourceLockedError) refusals++;
  else console.error(error);
});

// A job of 3 seconds with a lock of 2 seconds.
const moved = await redlock.using(accounts, 2_000, async (signal) => {
  console.log("both accounts are locked");

  try {
    await redlock.acquire([accounts[1]], 2_000, { retryCount: 0 });
  } catch (error) {
    if (!(error instanceof ExecutionError)) throw error;
    console.log(`${error.name}: ${error.message}`);
    console.log(`because: ${error.cause}`);
  }

  let steps = 0;
  while (steps < 5) {
    await pause(600);
    if (signal.aborted) throw signal.error;
    steps++;
  }
  return steps;
});
console.log(`done, ${moved} steps`);
console.log(`${refusals > 0 ? "some" : "no"} servers refused a caller`);

// Both are free again.
const lock = await redlock.acquire(accounts, 2_000);
console.log("locked again");
const extended = await lock.extend(5_000);
console.log(`extended, ${extended === lock ? "the same" : "another"} lock`);
await extended.release();
console.log("released");

await redlock.quit();
