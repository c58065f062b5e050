/**
 * A process that takes permits of semaphores: with Holdfast, or with redis-semaphore. An order gives the callers, the permits
 * that they share, and for how many ms each permit is held.
 */
import "../production.mjs";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { connectAll } from "../clients.mjs";
import { serve } from "./serve.mjs";

const ttl = 10_000;
const unlimited = Number.POSITIVE_INFINITY;

const systems = {
  holdfast: async (clients) => {
    const { createLocks } = await import("holdfast");
    const locks = createLocks({ nodes: clients, ttl, wait: unlimited });
    return (name, permits) => {
      const semaphore = locks.semaphore(name, { permits });
      return async () => {
        const lease = await semaphore.acquire();
        return () => lease.release();
      };
    };
  },
  "redis-semaphore": async ([client]) => {
    const { Semaphore } = await import("redis-semaphore");
    return (name, permits) => async () => {
      const semaphore = new Semaphore(client, name, permits, {
        lockTimeout: ttl,
        acquireTimeout: unlimited,
      });
      await semaphore.acquire();
      return () => semaphore.release();
    };
  },
};

async function take(acquire, { callers, hold, duration }) {
  const counts = new Array(callers).fill(0);
  const cpu = process.cpuUsage();
  const start = performance.now();
  const call = async (_, caller) => {
    while (performance.now() < start + duration) {
      const release = await acquire();
      if (hold > 0) await sleep(hold);
      await release();
      counts[caller]++;
    }
  };
  await Promise.all(Array.from(counts, call));
  const seconds = (performance.now() - start) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const pairs = counts.reduce((sum, count) => sum + count, 0);
  return {
    throughput: pairs / seconds,
    cpu: (user + system) / pairs,
    leastShare: Math.min(...counts) / pairs,
    mostShare: Math.max(...counts) / pairs,
  };
}

serve(async ({ name, ports, warmUp }) => {
  const { clients } = await connectAll("ioredis", ports);
  const semaphoreOf = await systems[name](clients);
  await take(semaphoreOf("warm-up", 10), { callers: 10, hold: 0, duration: warmUp });
  return (order) =>
    take(semaphoreOf(`${order.callers} callers, ${order.permits} permits`, order.permits), order);
});
