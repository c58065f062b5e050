import { setTimeout as sleep } from "node:timers/promises";
import { type RedisServer, waitUntil } from "../../support/servers.js";
import type { Case } from "../compare.js";
import { collectFatalErrors, failFast, gone, occupy } from "../v4-support.js";
import { type Api, counts, cutOff, errorView, failure, once, three } from "./api.js";

export const failing: Case<Api>[] = [
  {
    name: "one of three clients is disconnected: locked, extended, unlocked, and clientError is emitted",
    async run(context) {
      const { redlock, key, cut, emitted, alive } = await cutOff(context, 1);
      cut();
      const lock = await redlock.lock(key, 1_000);
      const during = await counts(alive, key);
      const extended = await lock.extend(1_000);
      const unlocked = await failure(context, lock.unlock());
      await waitUntil("clientError was emitted", 2_000, () => emitted.length > 0);
      return {
        ...{ during, extended: extended === lock, unlocked, after: await counts(alive, key) },
        errors: emitted.every((error) => error instanceof Error),
      };
    },
  },
  {
    name: "clientError needs no listener",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      clients[0]!.disconnect();
      const strays = await collectFatalErrors(async () => {
        await (await redlock.lock(key, 1_000)).unlock();
      });
      return strays;
    },
  },
  {
    name: "contention emits no clientError",
    async run(context) {
      const { redlock, clients, key, emitted } = await cutOff(context, 0);
      await occupy(clients, key);
      return { failed: await failure(context, redlock.lock(key, 1_000)), emitted: emitted.length };
    },
  },
  {
    name: "the argument of clientError",
    async run(context) {
      const { redlock, key, cut, emitted } = await cutOff(context, 1);
      cut();
      await redlock.lock(key, 1_000);
      await waitUntil("clientError was emitted", 2_000, () => emitted.length > 0);
      const [error] = emitted as (Error & { node?: unknown; reason?: unknown })[];
      return [error instanceof Error, error!.name, typeof error!.node, typeof error!.reason];
    },
    differs: {
      original: [true, "Error", "undefined", "undefined"],
      ours: [true, "ClientError", "string", "string"],
      why: "clientError gives a ClientError, which names the server and the reason: the original gave the client's own error.",
    },
  },
  {
    name: "one of three servers is dead",
    async run(context) {
      const [server] = (await context.ownServers(1)) as [RedisServer];
      const clients = [...(await context.clients(2)), ...(await context.clientsOf([server], failFast))];
      const redlock = new context.api(clients, once);
      const emitted: Error[] = [];
      redlock.on("clientError", (error) => emitted.push(error));
      const lock = await redlock.lock(context.key(), 5_000);
      await server.kill();
      await lock.extend(5_000);
      const unlocked = await failure(context, lock.unlock());
      await waitUntil("clientError was emitted", 5_000, () => emitted.length > 0);
      return { unlocked, again: await failure(context, redlock.lock(context.key(), 1_000)) };
    },
  },
  {
    name: "two of three clients are disconnected: not locked, nothing left behind",
    async run(context) {
      const { redlock, key, cut, emitted, alive } = await cutOff(context, 2);
      cut();
      const failed = await failure(context, redlock.lock(key, 1_000));
      await gone(alive, key);
      return { failed, emitted: emitted.length >= 2 };
    },
  },
  {
    name: "one of two clients is disconnected: not locked",
    async run(context) {
      const clients = await context.clients(2);
      clients[0]!.disconnect();
      return failure(context, new context.api(clients, once).lock(context.key(), 1_000));
    },
  },
  {
    name: "unlocked while no majority can be reached",
    async run(context) {
      const { redlock, key, cut } = await cutOff(context, 2);
      const lock = await redlock.lock(key, 500);
      cut();
      return { failed: await failure(context, lock.unlock()), expiration: lock.expiration };
    },
  },
  {
    name: "extended while no majority can be reached",
    async run(context) {
      const { redlock, key, cut } = await cutOff(context, 2);
      const lock = await redlock.lock(key, 500);
      cut();
      return failure(context, lock.extend(500));
    },
  },
  {
    name: "one of three servers hangs",
    async run(context) {
      const [server] = (await context.ownServers(1)) as [RedisServer];
      const clients = [...(await context.clients(2)), ...(await context.clientsOf([server], failFast))];
      const redlock = new context.api(clients, once);
      await server.suspend();
      return context.outcomeWithin(3_000, redlock.lock(context.key(), 1_000), () => "locked");
    },
    differs: {
      original: "still pending",
      ours: { value: "locked" },
      why: "A server that hangs is outvoted: version 4 waited for the answer of every server, without limit.",
    },
  },
  {
    name: "a server that answers after the ttl",
    async run(context) {
      const [server] = (await context.ownServers(1)) as [RedisServer];
      const redlock = new context.api(await context.clientsOf([server], failFast), once);
      await (await redlock.lock(context.key("warm"), 1_000)).unlock();
      await server.suspend();
      const locked = failure(context, redlock.lock(context.key(), 100));
      await sleep(200);
      server.resume();
      const result = await locked;
      await waitUntil(
        "its key is gone",
        2_000,
        async () => (await server.call("EXISTS", context.key())) === 0,
      );
      return result;
    },
  },
  {
    name: "LockError by hand",
    async run(context) {
      const error = new context.api.LockError();
      return [
        errorView(context, error),
        errorView(context, new context.api.LockError("mine", 3)),
        String(error),
        JSON.parse(JSON.stringify(error)),
      ];
    },
  },
  {
    name: "a server that has lost its scripts",
    async run(context) {
      const [server] = (await context.ownServers(1)) as [RedisServer];
      const redlock = new context.api(await context.clientsOf([server], failFast), once);
      const lock = await redlock.lock(context.key(), 5_000);
      await server.call("SCRIPT", "FLUSH");
      const extended = await lock.extend(5_000);
      await server.call("SCRIPT", "FLUSH");
      return { same: extended === lock, unlocked: await failure(context, lock.unlock()) };
    },
  },
];
