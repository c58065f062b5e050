import type { Case } from "../compare.js";
import { count, gone, occupy, read } from "../v4-support.js";
import { type Api, only, show, three } from "./api.js";

export const releasing: Case<Api>[] = [
  {
    name: "released with a value that is not the lock's: it stays",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 5_000))!;
      const released = await redlock.releaseLock(key, "not it");
      return { released, stored: (await read(servers, key)).map((value) => value === lock.value) };
    },
  },
  {
    name: "released twice",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 5_000))!;
      await redlock.releaseLock(key, lock.value);
      const second = await context.outcome(redlock.releaseLock(key, lock.value));
      return { second, after: await count(servers, key) };
    },
  },
  {
    name: "released after it expired and another program acquired it",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 50))!;
      await gone(servers, key);
      await occupy(servers, key);
      return {
        released: await context.outcome(redlock.releaseLock(key, lock.value)),
        after: await read(servers, key),
      };
    },
  },
  {
    name: "released by another Redlock, as in another process",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const other = await three(context);
      const lock = (await redlock.acquireLock(key, 5_000))!;
      await other.redlock.releaseLock(lock.resource, lock.value);
      return { after: await count(servers, key), again: show(await redlock.acquireLock(key, 1_000)) };
    },
  },
  {
    name: "released while no majority can be reached",
    async run(context) {
      const { redlock, servers, key, emitted } = await three(context);
      const lock = (await redlock.acquireLock(key, 500))!;
      for (const server of servers.slice(1)) server.disconnect();
      const released = await context.outcome(redlock.releaseLock(key, lock.value));
      return { released, after: await count(servers.slice(0, 1), key), events: only(emitted, "released") };
    },
  },
];
