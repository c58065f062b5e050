/**
 * Measures what the Redlock class costs: acquire and release through the class and through createLocks, in turns, with
 * the same clients and servers. Prints medians and their ratio. Run it after a build: npm run bench:redlock
 */
import { performance } from "node:perf_hooks";
import { createLocks } from "holdfast";
import Redlock from "holdfast/redlock";
import { Redis } from "ioredis";
import { startServers } from "./servers.mjs";
import { median } from "./stats.mjs";
import { inTurns } from "./turns.mjs";

const rounds = 11;
const ttl = 10_000;
let serial = 0;

/** Runs `pairs` pairs with `callers` callers, each in a loop. Returns the pairs per second. */
async function measure(pair, callers, pairs) {
  const start = performance.now();
  const each = Math.ceil(pairs / callers);
  const caller = async () => {
    for (let count = 0; count < each; count++) await pair(`r:${serial++}`);
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (each * callers) / ((performance.now() - start) / 1_000);
}

async function compare(ports, callers, pairs) {
  const clients = ports.map((port) => new Redis(port, "127.0.0.1"));
  const locks = createLocks({ nodes: clients, ttl, renew: false });
  const redlock = new Redlock(clients);
  const ways = {
    native: async (name) => (await locks.acquire(name)).release(),
    "redlock 5": async (name) => (await redlock.acquire([name], ttl)).release(),
    "redlock 4": async (name) => (await redlock.lock(name, ttl)).unlock(),
    "node-redlock": async (name) => {
      const { value } = await redlock.acquireLock(name, ttl);
      await redlock.releaseLock(name, value);
    },
  };
  for (const pair of Object.values(ways)) await measure(pair, callers, pairs);
  const speeds = await inTurns(Object.keys(ways), rounds, (name) => measure(ways[name], callers, pairs));
  await locks.close();
  for (const client of clients) client.disconnect();
  return speeds;
}

const { ports, stop } = await startServers(3);
console.log(`medians of ${rounds} rounds, in turns; time per pair against the native interface's (1.00)`);
for (const nodes of [1, 3]) {
  for (const [callers, pairs] of [
    [1, 1_500],
    [100, 8_000],
  ]) {
    const speeds = await compare(ports.slice(0, nodes), callers, pairs);
    for (const [name, values] of Object.entries(speeds)) {
      // Compared round by round, so that a temporary slowdown of the machine affects both values.
      const ratio = median(values.map((value, round) => speeds.native[round] / value));
      console.log(
        `${nodes} node${nodes > 1 ? "s" : " "} ${String(callers).padStart(3)} callers  ${name.padEnd(12)} ${Math.round(median(values)).toString().padStart(6)} pairs/s  ${ratio.toFixed(2)}`,
      );
    }
  }
}
stop();
