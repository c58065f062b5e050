import type { Case } from "../compare.js";
import { count, gone, occupy, read } from "../v4-support.js";
import { byHand, type Face, show, three } from "./face.js";

export const votes: Case<Face>[] = [
  {
    name: "tryAcquire counts the servers that granted",
    async run(scene) {
      const { redlock, servers, key } = await three(scene);
      const all = await redlock.tryAcquire(key, "mine", 5_000);
      const stored = await read(servers, key);
      const again = await redlock.tryAcquire(key, "other", 5_000);
      await occupy(servers.slice(0, 1), scene.key("b"));
      return { all, stored, again, two: await redlock.tryAcquire(scene.key("b"), "mine", 5_000) };
    },
  },
  {
    name: "tryAcquire again in the same name",
    async run(scene) {
      const { redlock, servers, key } = await three(scene);
      const granted = [
        await redlock.tryAcquire(key, "mine", 5_000),
        await redlock.tryAcquire(key, "mine", 5_000),
      ];
      return { granted, after: await read(servers, key) };
    },
  },
  {
    name: "tryAcquire, and its ttl",
    async run(scene) {
      const { redlock, servers, key } = await three(scene);
      const granted = await redlock.tryAcquire(key, "mine", 60);
      await gone(servers, key);
      return { granted, again: await redlock.tryAcquire(key, "other", 5_000) };
    },
  },
  {
    name: "tryAcquire while one of three clients is cut off",
    async run(scene) {
      const { redlock, servers, key, heard } = await three(scene);
      servers[0]!.disconnect();
      const granted = await redlock.tryAcquire(key, "mine", 5_000);
      return { granted, heard: heard.map(([event]) => event), after: await count(servers.slice(1), key) };
    },
  },
  {
    name: "acquireLockInstance and releaseLockInstance, of a client of one's own",
    async run(scene) {
      const { redlock, servers, key } = await three(scene);
      const [client] = byHand(await scene.clients(1));
      const granted = await redlock.acquireLockInstance(client, key, "mine", 5_000);
      const stored = await read(servers, key);
      const released = await redlock.releaseLockInstance(client, { resource: key, value: "mine", ttl: 0 });
      return { granted, stored, released, after: await count(servers, key) };
    },
  },
  {
    name: "what acquireLockInstance took on two of three servers is a lock for others",
    async run(scene) {
      const { redlock, clients, key } = await three(scene);
      for (const client of clients.slice(1)) await redlock.acquireLockInstance(client, key, "mine", 5_000);
      const refused = await redlock.acquireLock(key, 5_000);
      await redlock.releaseLock(key, "mine");
      return { refused, after: show(await redlock.acquireLock(key, 5_000)) };
    },
  },
  {
    name: "tryAcquire without a majority",
    async run(scene) {
      const { redlock, servers, key } = await three(scene);
      await occupy(servers.slice(1), key);
      const granted = await redlock.tryAcquire(key, "mine", 5_000);
      // What is cleaned up is so behind the answer, and is not waited for.
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
    async run(scene) {
      const { redlock, servers, key } = await three(scene);
      await redlock.tryAcquire(key, "mine", 1_000);
      const renewed = await redlock.renewLock(key, "mine", 5_000);
      await redlock.releaseLock(key, "mine");
      return { renewed, after: await count(servers, key) };
    },
  },
  {
    name: "acquireLockInstance and releaseLockInstance, of one server",
    async run(scene) {
      const { redlock, servers, clients, key } = await three(scene);
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
    name: "acquireLockInstance and releaseLockInstance, of a client that is cut off",
    async run(scene) {
      const { redlock, servers, clients, key, heard } = await three(scene);
      servers[0]!.disconnect();
      const granted = await redlock.acquireLockInstance(clients[0], key, "mine", 5_000);
      const released = await redlock.releaseLockInstance(clients[0], {
        resource: key,
        value: "mine",
        ttl: 0,
      });
      return { granted, released, heard: heard.map(([event]) => event) };
    },
  },
  {
    name: "sleep waits",
    async run(scene) {
      const { redlock } = await three(scene);
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
