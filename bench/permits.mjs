/**
 * Compares permits with redis-semaphore's Semaphore on one node: `node bench/permits.mjs`, after a build. In turns, in one
 * process: one caller after the other, 100 callers with a permit for each, and 20 callers that contend for 5 permits and hold
 * each for 2 ms.
 */
import { Redis } from "ioredis";
import { Semaphore } from "redis-semaphore";
import { createLocks } from "../dist/esm/index.js";
import { startServers } from "./servers.mjs";

const ms = Number(process.argv[2] ?? 500);
const rounds = 5;
const cases = [
  { name: "1 caller, 5 permits", callers: 1, permits: 5, hold: 0 },
  { name: "100 callers, 100 permits", callers: 100, permits: 100, hold: 0 },
  { name: "20 callers, 5 permits, held for 2 ms", callers: 20, permits: 5, hold: 2 },
];

const servers = await startServers(1);
const client = new Redis({ port: servers.ports[0] });
const locks = createLocks({ nodes: [client], ttl: 10_000, wait: Number.POSITIVE_INFINITY });

const systems = {
  holdfast: (key, permits) => {
    const semaphore = locks.semaphore(key, { permits });
    return async () => {
      const lease = await semaphore.acquire();
      return () => lease.release();
    };
  },
  "redis-semaphore": (key, permits) => async () => {
    const options = { lockTimeout: 10_000, acquireTimeout: Number.POSITIVE_INFINITY };
    const semaphore = new Semaphore(client, key, permits, options);
    await semaphore.acquire();
    return () => semaphore.release();
  },
};

/** Pairs of acquire and release a second, and the shares of the callers. */
async function measure(acquire, { callers, hold }) {
  const counts = new Array(callers).fill(0);
  const end = performance.now() + ms;
  const started = performance.now();
  const call = async (caller) => {
    while (performance.now() < end) {
      const release = await acquire();
      if (hold > 0) await new Promise((resolve) => setTimeout(resolve, hold));
      await release();
      counts[caller] += 1;
    }
  };
  await Promise.all(counts.map((_, caller) => call(caller)));
  const total = counts.reduce((sum, count) => sum + count, 0);
  return { rate: (total * 1_000) / (performance.now() - started), counts };
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
for (const one of cases) {
  const rates = Object.fromEntries(Object.keys(systems).map((name) => [name, []]));
  const spread = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, open] of Object.entries(systems)) {
      const { rate, counts } = await measure(open(`${name}-${one.name}`, one.permits), one);
      rates[name].push(rate);
      spread[name] = `${Math.min(...counts)} to ${Math.max(...counts)}`;
    }
  }
  for (const [name, all] of Object.entries(rates))
    console.log(`${one.name}: ${name} ${Math.round(median(all))} pairs/s (a caller: ${spread[name]})`);
}
await locks.close();
client.disconnect();
await servers.stop();
