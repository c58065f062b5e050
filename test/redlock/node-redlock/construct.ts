import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { Redis } from "ioredis";
import { sharedServers } from "../../support/shared-servers.js";
import type { Case } from "../compare.js";
import { count, left, read } from "../v4-support.js";
import { type Api, customClients, type Lock, nodeRedis, type Outcome, show, three } from "./api.js";
import { oneServer } from "./intended-differences.js";

const require = createRequire(import.meta.url);

export const construction: Case<Api>[] = [
  {
    name: "IoredisClient, three servers: acquire and release",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = await redlock.acquireLock(key, 5_000);
      const during = await count(servers, key);
      const released = await redlock.releaseLock(lock!.resource, lock!.value);
      return { during, released, after: await count(servers, key) };
    },
  },
  {
    name: "one server, nothing but clients",
    async run(context) {
      const servers = await context.clients(1);
      const redlock = new context.api.Redlock(servers.map((server) => new context.api.IoredisClient(server)));
      const lock = await redlock.acquireLock(context.key(), 5_000);
      await redlock.releaseLock(context.key(), lock!.value);
      return { lock: show(lock), after: await count(servers, context.key()) };
    },
  },
  {
    name: "RedisjsClient: acquire and release",
    async run(context) {
      const nodes = await nodeRedis(context, 0, 3);
      const redlock = new context.api.Redlock(nodes.map((node) => new context.api.RedisjsClient(node)));
      const lock = await redlock.acquireLock(context.key(), 5_000);
      const during = await read(nodes, context.key());
      await redlock.releaseLock(lock!.resource, lock!.value);
      const after = await read(nodes, context.key());
      return { during: during.map((value) => value === lock!.value), after };
    },
  },
  {
    name: "clients of both kinds on different servers: acquire, renew and release",
    async run(context) {
      const ioredis = await context.clients(2);
      const [node] = (await nodeRedis(context, 2, 3)) as [Awaited<ReturnType<typeof nodeRedis>>[number]];
      const { IoredisClient, RedisjsClient, Redlock } = context.api;
      const redlock = new Redlock([
        ...ioredis.map((each) => new IoredisClient(each)),
        new RedisjsClient(node),
      ]);
      const lock = (await redlock.acquireLock(context.key(), 1_000))!;
      const during = await read([...ioredis, node], context.key());
      const renewed = await redlock.renewLock(lock.resource, lock.value, 5_000);
      const expires = [...(await left(ioredis, context.key())), await node.pTTL(context.key())];
      await redlock.releaseLock(lock.resource, lock.value);
      const after = await read([...ioredis, node], context.key());
      const mine = during.map((value) => value === lock.value);
      return { mine, renewed, longer: expires.map((ms) => ms > 4_000), after };
    },
  },
  {
    name: "the clients that the package depends on: ioredis 5 and node-redis 4",
    async run(context) {
      const brought = createRequire(require.resolve("node-redlock/package.json"));
      const ioredis = brought("ioredis") as { Redis: new (port: number, host: string) => Redis };
      const redis = brought("redis") as typeof import("redis");
      const [one, two, three] = sharedServers().map(({ port }) => port) as [number, number, number];
      const [first, second] = [new ioredis.Redis(one, "127.0.0.1"), new ioredis.Redis(two, "127.0.0.1")];
      const third = redis.createClient({ url: `redis://127.0.0.1:${three}` });
      await third.connect();
      context.later(() => Promise.all([first.quit(), second.quit(), third.quit()]));
      const { IoredisClient, RedisjsClient, Redlock } = context.api;
      const redlock = new Redlock([
        new IoredisClient(first),
        new IoredisClient(second),
        new RedisjsClient(third),
      ]);
      const lock = (await redlock.acquireLock(context.key(), 5_000))!;
      const during = await read([first, second, third], context.key());
      const renewed = await redlock.renewLock(lock.resource, lock.value, 5_000);
      await redlock.releaseLock(lock.resource, lock.value);
      const after = await read([first, second, third], context.key());
      return { during: during.map((value) => value === lock.value), renewed, after };
    },
  },
  {
    name: "custom clients with set and eval",
    async run(context) {
      const servers = await context.clients(3);
      const redlock = new context.api.Redlock(customClients(servers));
      const lock = (await redlock.acquireLock(context.key(), 1_000))!;
      const mine = (await read(servers, context.key())).map((value) => value === lock.value);
      const renewed = await redlock.renewLock(lock.resource, lock.value, 5_000);
      await redlock.releaseLock(lock.resource, lock.value);
      return { mine, renewed, after: await count(servers, context.key()) };
    },
  },
  {
    name: "clients that are still connecting",
    async run(context) {
      const servers = sharedServers().slice(0, 3);
      const clients = servers.map(({ port }) => new Redis(port, "127.0.0.1"));
      context.later(() => clients.forEach((client) => void client.disconnect()));
      const redlock = new context.api.Redlock(clients.map((client) => new context.api.IoredisClient(client)));
      return show(await redlock.acquireLock(context.key(), 5_000));
    },
  },
  {
    name: "bare ioredis clients, as the README shows them",
    async run(context) {
      const servers = await context.clients(3);
      const redlock = new context.api.Redlock(servers, 1, 1);
      const lock = await redlock.acquireLock(context.key(), 5_000);
      if (lock !== null) await redlock.releaseLock(lock.resource, lock.value);
      return { lock: show(lock), after: await count(servers, context.key()) };
    },
    differs: {
      original: { lock: null, after: 0 },
      ours: { lock: "locked", after: 0 },
      why: "Bare ioredis and node-redis clients work, as the README shows them: in the original they never did.",
    },
  },
  {
    name: "bare node-redis clients",
    async run(context) {
      const nodes = await nodeRedis(context, 0, 3);
      const redlock = new context.api.Redlock(nodes, 1, 1);
      const lock = await redlock.acquireLock(context.key(), 5_000);
      if (lock !== null) await redlock.releaseLock(lock.resource, lock.value);
      return { lock: show(lock), after: await count(nodes, context.key()) };
    },
    differs: {
      original: { lock: "locked", after: 3 },
      ours: { lock: "locked", after: 0 },
      why: "Bare ioredis and node-redis clients work, as the README shows them: in the original they never did.",
    },
  },
  {
    name: "no clients",
    run: (context) =>
      context.outcome(
        Promise.resolve().then(() => new context.api.Redlock([], 1, 1).acquireLock(context.key(), 1_000)),
        (lock) => lock,
      ),
    differs: {
      original: { value: null },
      ours: { error: "Error", message: "Redlock must be instantiated with at least one redis client." },
      why: "Without clients the constructor throws: the original could be made, and then never acquired a lock.",
    },
  },
  {
    name: "the examples' two clients of one server",
    async run(context) {
      const { IoredisClient, RedisjsClient, Redlock } = context.api;
      const ioredis = (await context.clients(1)).map((client) => new IoredisClient(client));
      const redisjs = (await nodeRedis(context, 0, 1)).map((client) => new RedisjsClient(client));
      const redlock = new Redlock([...ioredis, ...redisjs], 1, 1);
      const { value, error } = (await context.outcome(redlock.acquireLock(context.key(), 1_000), (lock) =>
        show(lock as Lock | null),
      )) as Outcome;
      return value ?? error;
    },
    differs: { original: "locked", ours: "DuplicateNodeError", why: oneServer },
  },
  {
    name: "it is an event emitter",
    async run(context) {
      return (await three(context)).redlock instanceof EventEmitter;
    },
  },
];
