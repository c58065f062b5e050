import { setTimeout as sleep } from "node:timers/promises";
import type { Case } from "../compare.js";
import { count, drop, gone, left, occupy, read } from "../v4-support.js";
import { type Api, near, only, three } from "./api.js";
import { renewedByQuorum } from "./intended-differences.js";

export const renewing: Case<Api>[] = [
  {
    name: "renewLock makes a lock last longer",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 1_000))!;
      const renewed = await redlock.renewLock(lock.resource, lock.value, 5_000);
      return { renewed, longer: (await left(servers, key)).map(near(5_000)) };
    },
  },
  {
    name: "example 3: acquire with a custom retry, renew, read it, release",
    async run(context) {
      const { redlock, servers, clients, key } = await three(context);
      const lock = (await redlock.acquireLockWithCustomRetry(key, 10_000, (attempt) => 2 ** attempt * 100))!;
      const renewed = await redlock.renewLock(lock.resource, lock.value, 10_000);
      await read(servers, key);
      const remaining = await clients[0]!.getTTL(key);
      const current = await clients[0]!.get(key);
      await redlock.releaseLock(key, lock.value);
      await gone(servers, key);
      return {
        ...{ renewed, remaining: near(10_000)(remaining), same: current === lock.value },
        after: [await clients[0]!.get(key), await clients[0]!.getTTL(key)],
      };
    },
  },
  {
    name: "renewed again and again, past the first ttl",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 300))!;
      const renewals: boolean[] = [];
      for (let time = 0; time < 8; time += 1) {
        await sleep(50);
        renewals.push(await redlock.renewLock(key, lock.value, 300));
      }
      return { renewals, after: await count(servers, key) };
    },
  },
  {
    name: "renewed twice at once",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 1_000))!;
      const renewals = [redlock.renewLock(key, lock.value, 4_000), redlock.renewLock(key, lock.value, 5_000)];
      return { renewed: await Promise.all(renewals), longer: (await left(servers, key)).map(near(5_000)) };
    },
  },
  {
    name: "released without waiting for the renewal",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 1_000))!;
      const both = [redlock.renewLock(key, lock.value, 5_000), redlock.releaseLock(key, lock.value)];
      const results = await Promise.all(both);
      await gone(servers, key);
      return results;
    },
    differs: {
      original: [true, undefined],
      ours: [false, undefined],
      why: "A release ends a renewal that is still under way: the renewal is false, because nothing is held any more.",
    },
  },
  {
    name: "renewed by another Redlock, as in another process",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const other = await three(context);
      const lock = (await redlock.acquireLock(key, 1_000))!;
      const renewed = await other.redlock.renewLock(key, lock.value, 5_000);
      return { renewed, longer: (await left(servers, key)).map((ms) => ms > 4_000) };
    },
  },
  {
    name: "renewed with a value that is not the lock's",
    async run(context) {
      const { redlock, servers, key, emitted } = await three(context);
      await redlock.acquireLock(key, 1_000);
      const renewed = await redlock.renewLock(key, "not it", 5_000);
      const longer = (await left(servers, key)).map((ms) => ms > 1_000);
      return { renewed, longer, emitted: only(emitted, "renewed") };
    },
  },
  {
    name: "renewed after it expired",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 50))!;
      await gone(servers, key);
      return { renewed: await redlock.renewLock(key, lock.value, 5_000), after: await count(servers, key) };
    },
  },
  {
    name: "renewed after another program acquired it",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 1_000))!;
      await occupy(servers, key);
      return { renewed: await redlock.renewLock(key, lock.value, 5_000), after: await read(servers, key) };
    },
  },
  {
    name: "renewed after it was released",
    async run(context) {
      const { redlock, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 1_000))!;
      await redlock.releaseLock(key, lock.value);
      return redlock.renewLock(key, lock.value, 5_000);
    },
  },
  {
    name: "renewed while a minority of the servers has lost it",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 1_000))!;
      await drop(servers.slice(0, 1), key);
      return redlock.renewLock(key, lock.value, 5_000);
    },
    differs: { original: false, ours: true, why: renewedByQuorum },
  },
  {
    name: "renewed while one of three clients is disconnected",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 1_000))!;
      servers[0]!.disconnect();
      return redlock.renewLock(key, lock.value, 5_000);
    },
    differs: { original: false, ours: true, why: renewedByQuorum },
  },
  {
    name: "renewed while a majority of the servers has lost it",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 1_000))!;
      await drop(servers.slice(1), key);
      return redlock.renewLock(key, lock.value, 5_000);
    },
  },
  {
    name: "renewed by less than the remaining ttl",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 5_000))!;
      const renewed = await redlock.renewLock(key, lock.value, 1_000);
      return { renewed, longer: (await left(servers, key)).map((ms) => ms > 4_000) };
    },
    differs: {
      original: { renewed: true, longer: [false, false, false] },
      ours: { renewed: true, longer: [true, true, true] },
      why: "Renewing never shortens a lock: a ttl shorter than what is left changes nothing on the servers.",
    },
  },
];
