import type { Case } from "../compare.js";
import { count, gone, occupy, read } from "../v4-support.js";
import { type Api, customClients, show, three } from "./api.js";

export const votes: Case<Api>[] = [
  {
    name: "tryAcquire counts the servers that granted",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const all = await redlock.tryAcquire(key, "mine", 5_000);
      const stored = await read(servers, key);
      const again = await redlock.tryAcquire(key, "other", 5_000);
      await occupy(servers.slice(0, 1), context.key("b"));
      return { all, stored, again, two: await redlock.tryAcquire(context.key("b"), "mine", 5_000) };
    },
  },
  {
    name: "tryAcquire again with the same value",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const granted = [
        await redlock.tryAcquire(key, "mine", 5_000),
        await redlock.tryAcquire(key, "mine", 5_000),
      ];
      return { granted, after: await read(servers, key) };
    },
  },
  {
    name: "tryAcquire, and its ttl",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const granted = await redlock.tryAcquire(key, "mine", 60);
      await gone(servers, key);
      return { granted, again: await redlock.tryAcquire(key, "other", 5_000) };
    },
  },
  {
    name: "tryAcquire while one of three clients is disconnected",
    async run(context) {
      const { redlock, servers, key, emitted } = await three(context);
      servers[0]!.disconnect();
      const granted = await redlock.tryAcquire(key, "mine", 5_000);
      return { granted, emitted: emitted.map(([event]) => event), after: await count(servers.slice(1), key) };
    },
  },
  {
    name: "acquireLockInstance and releaseLockInstance, of a custom client",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const [client] = customClients(await context.clients(1));
      const granted = await redlock.acquireLockInstance(client, key, "mine", 5_000);
      const stored = await read(servers, key);
      const released = await redlock.releaseLockInstance(client, { resource: key, value: "mine", ttl: 0 });
      return { granted, stored, released, after: await count(servers, key) };
    },
  },
  {
    name: "what acquireLockInstance acquired on two of three servers excludes others",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      for (const client of clients.slice(1)) await redlock.acquireLockInstance(client, key, "mine", 5_000);
      const refused = await redlock.acquireLock(key, 5_000);
      await redlock.releaseLock(key, "mine");
      return { refused, after: show(await redlock.acquireLock(key, 5_000)) };
    },
  },
  {
    name: "tryAcquire without a majority",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      await occupy(servers.slice(1), key);
      const granted = await redlock.tryAcquire(key, "mine", 5_000);
      // The cleanup continues after the answer, and the call does not wait for it.
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { granted, after: await read(servers, key) };
    },
    differs: {
      original: { granted: 1, after: ["mine", "somebody else", "somebody else"] },
      ours: { granted: 1, after: [null, "somebody else", "somebody else"] },
      why: "tryAcquire without a majority is cleaned up at once: the original left the minority's keys until their ttl.",
    },
  },
  {
    name: "what tryAcquire granted can be renewed and released by its value",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      await redlock.tryAcquire(key, "mine", 1_000);
      const renewed = await redlock.renewLock(key, "mine", 5_000);
      await redlock.releaseLock(key, "mine");
      return { renewed, after: await count(servers, key) };
    },
  },
  {
    name: "acquireLockInstance and releaseLockInstance, of one server",
    async run(context) {
      const { redlock, servers, clients, key } = await three(context);
      const granted = [
        await redlock.acquireLockInstance(clients[0], key, "mine", 5_000),
        await redlock.acquireLockInstance(clients[0], key, "other", 5_000),
      ];
      const stored = await read(servers, key);
      const wrong = await redlock.releaseLockInstance(clients[0], { resource: key, value: "other", ttl: 0 });
      const right = await redlock.releaseLockInstance(clients[0], { resource: key, value: "mine", ttl: 0 });
      const gone = await redlock.releaseLockInstance(clients[0], { resource: key, value: "mine", ttl: 0 });
      return { granted, stored, released: [wrong, right, gone], after: await count(servers, key) };
    },
  },
  {
    name: "acquireLockInstance and releaseLockInstance, of a disconnected client",
    async run(context) {
      const { redlock, servers, clients, key, emitted } = await three(context);
      servers[0]!.disconnect();
      const granted = await redlock.acquireLockInstance(clients[0], key, "mine", 5_000);
      const released = await redlock.releaseLockInstance(clients[0], {
        resource: key,
        value: "mine",
        ttl: 0,
      });
      return { granted, released, emitted: emitted.map(([event]) => event) };
    },
  },
  {
    name: "sleep waits",
    async run(context) {
      const { redlock } = await three(context);
      if (redlock.sleep === undefined) return "undefined";
      const start = performance.now();
      const slept = await redlock.sleep(30);
      return { slept, waited: performance.now() - start > 28 };
    },
    differs: {
      original: { slept: undefined, waited: true },
      ours: "undefined",
      why: "There is no sleep method, which was marked private: use setTimeout of node:timers/promises.",
    },
  },
];
