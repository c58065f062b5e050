/** A process with many held locks, which takes steps at a given pace: releases a lock and acquires it again. */
import "../production.mjs";
import { createLocks } from "holdfast";
import { connectAll } from "../clients.mjs";
import { serve } from "./serve.mjs";

/** ms between two turns. */
const tick = 20;
/** RELEASE, RELEASED, ACQUIRE, GRANTED. */
const stepsOfPair = 4;
/** Longer than the benchmark, so that nothing is renewed beside the steps that are counted. */
const ttl = 1_800_000;

serve(async ({ ports, locks: size, stepsPerSecond, publish }) => {
  const { clients } = await connectAll("ioredis", ports);
  // What an earlier process held stays held.
  const prefix = `${process.pid}:`;
  const locks = createLocks({
    nodes: clients,
    prefix,
    ttl,
    owner: "api-1",
    ...(publish ? { publish: true } : {}),
  });
  const names = Array.from({ length: size }, (_, index) => `orders:${10_000 + index}`);
  const leases = [];
  for (let from = 0; from < size; from += 500)
    leases.push(...(await Promise.all(names.slice(from, from + 500).map((name) => locks.acquire(name)))));
  const begun = performance.now();
  let pairs = 0;
  const turn = async (index) => {
    await leases[index].release();
    leases[index] = await locks.acquire(names[index]);
  };
  setInterval(() => {
    // All that are due, because timers are late on a busy machine.
    const due = Math.floor(((performance.now() - begun) * stepsPerSecond) / stepsOfPair / 1_000);
    for (; pairs < due; pairs += 1) turn((pairs * 7) % size).catch(() => {});
  }, tick);
  return async ({ duration }) => {
    const cpu = process.cpuUsage();
    const [before, from] = [pairs, performance.now()];
    await new Promise((resolve) => setTimeout(resolve, duration));
    const seconds = (performance.now() - from) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    return {
      cpu: (user + system) / 1e6 / seconds,
      stepsPerSecond: ((pairs - before) * stepsOfPair) / seconds,
    };
  };
});
