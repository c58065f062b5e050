import { type RedisServer, waitUntil } from "../../support/servers.js";
import type { Case } from "../compare.js";
import { collectFatalErrors, count, failFast, gone, occupy } from "../v4-support.js";
import { type Api, listen, only, show, three } from "./api.js";
import { clientErrors } from "./intended-differences.js";

export const events: Case<Api>[] = [
  {
    name: "acquired, renewed and released are emitted in this order",
    async run(context) {
      const { redlock, key, emitted } = await three(context);
      const lock = (await redlock.acquireLock(key, 5_000))!;
      await redlock.renewLock(key, lock.value, 4_999);
      await redlock.releaseLock(key, lock.value);
      return emitted;
    },
  },
  {
    name: "the events carry the lock's value",
    async run(context) {
      const { redlock, key } = await three(context);
      const values: string[] = [];
      for (const event of ["acquired", "renewed", "released"]) {
        redlock.on(event, ({ value, ...rest }) => values.push(value, ...Object.keys(rest).sort()));
      }
      const lock = (await redlock.acquireLock(key, 1_000))!;
      await redlock.renewLock(key, lock.value, 1_000);
      await redlock.releaseLock(key, lock.value);
      return values.map((value) => (value === lock.value ? "the value" : value));
    },
  },
  {
    name: "acquired gives the lock itself",
    async run(context) {
      const { redlock, key } = await three(context);
      const given: unknown[] = [];
      redlock.on("acquired", (lock) => given.push(lock));
      const locks = [
        await redlock.acquireLock(key, 1_000),
        await redlock.acquireLockWithCustomRetry(context.key("b"), 1_000, () => 1),
      ];
      return locks.map((lock, index) => lock === given[index]);
    },
  },
  {
    name: "using emits them as well",
    async run(context) {
      const { redlock, key, emitted } = await three(context);
      await redlock.using(key, 1_000, () => emitted.push(["the routine"]));
      return emitted;
    },
  },
  {
    name: "released is emitted for any value",
    async run(context) {
      const { redlock, key, emitted } = await three(context);
      await redlock.releaseLock(key, "not it");
      return emitted;
    },
  },
  {
    name: "events of an acquisition that failed",
    async run(context) {
      const { redlock, servers, key, emitted } = await three(context, 2);
      await occupy(servers, key);
      await redlock.acquireLock(key, 1_000);
      return emitted;
    },
    differs: {
      original: Array(2).fill(["released", "a", 0]),
      ours: [],
      why: "released is emitted for locks that were released: the original emitted it after every failed attempt, too.",
    },
  },
  {
    name: "clientError reports a disconnected client, and the majority decides",
    async run(context) {
      const { redlock, servers, key, emitted } = await three(context);
      servers[0]!.disconnect();
      const lock = (await redlock.acquireLock(key, 1_000))!;
      await redlock.releaseLock(key, lock.value);
      await waitUntil("the event arrives", 2_000, () => only(emitted, "clientError").length > 0);
      return {
        ...{ lock: show(lock), after: await count(servers.slice(1), key) },
        errors: only(emitted, "clientError").every(([, message]) => message !== ""),
      };
    },
  },
  {
    name: "the argument of clientError",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const errors: (Error & { node?: unknown; reason?: unknown })[] = [];
      redlock.on("clientError", (error) => errors.push(error));
      servers[0]!.disconnect();
      await redlock.acquireLock(key, 1_000);
      await waitUntil("the event arrives", 2_000, () => errors.length > 0);
      const [error] = errors;
      return [error instanceof Error, error!.name, typeof error!.node, typeof error!.reason];
    },
    differs: {
      original: [true, "Error", "undefined", "undefined"],
      ours: [true, "ClientError", "string", "string"],
      why: clientErrors,
    },
  },
  {
    name: "two of three clients are disconnected: null, and nothing left behind",
    async run(context) {
      const { redlock, servers, key, emitted } = await three(context);
      for (const server of servers.slice(1)) server.disconnect();
      const lock = await redlock.acquireLock(key, 1_000);
      await gone(servers.slice(0, 1), key);
      return { lock, emitted: only(emitted, "clientError").length >= 2 };
    },
  },
  {
    name: "one of two clients is disconnected: null",
    async run(context) {
      const servers = await context.clients(2);
      servers[0]!.disconnect();
      const clients = servers.map((server) => new context.api.IoredisClient(server));
      return new context.api.Redlock(clients, 1, 1).acquireLock(context.key(), 1_000);
    },
  },
  {
    name: "clientError needs no listener",
    async run(context) {
      const servers = await context.clients(3);
      servers[0]!.disconnect();
      const clients = servers.map((server) => new context.api.IoredisClient(server));
      const redlock = new context.api.Redlock(clients);
      return collectFatalErrors(async () => {
        const lock = (await redlock.acquireLock(context.key(), 1_000))!;
        await redlock.releaseLock(context.key(), lock.value);
      });
    },
  },
  {
    name: "a server dies while its lock is held",
    async run(context) {
      const [server] = (await context.ownServers(1)) as [RedisServer];
      const servers = [...(await context.clients(2)), ...(await context.clientsOf([server], failFast))];
      const clients = servers.map((each) => new context.api.IoredisClient(each));
      const redlock = new context.api.Redlock(clients, 1, 1);
      const emitted = listen(context, redlock);
      const lock = (await redlock.acquireLock(context.key(), 5_000))!;
      await server.kill();
      await redlock.releaseLock(context.key(), lock.value);
      await waitUntil("the event arrives", 5_000, () => only(emitted, "clientError").length > 0);
      return show(await redlock.acquireLock(context.key(), 1_000));
    },
  },
  {
    name: "one of three servers hangs",
    async run(context) {
      const [server] = (await context.ownServers(1)) as [RedisServer];
      const servers = [...(await context.clients(2)), ...(await context.clientsOf([server], failFast))];
      const clients = servers.map((each) => new context.api.IoredisClient(each));
      const redlock = new context.api.Redlock(clients, 1, 1);
      await server.suspend();
      return context.outcomeWithin(1_500, redlock.acquireLock(context.key(), 1_000), () => "locked");
    },
    differs: {
      original: "still pending",
      ours: { value: "locked" },
      why: "A server that hangs is outvoted: the original waited for the answer of every server, without limit.",
    },
  },
];
