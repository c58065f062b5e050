import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import { Redis } from "ioredis";
import { sharedServers } from "../../support/shared-servers.js";
import type { Case } from "../compare.js";
import { count, left, read } from "../v4-support.js";
import { byHand, type Face, type Lock, nodeRedis, type Outcome, show, three } from "./face.js";
import { oneServer } from "./meant.js";

const require = createRequire(import.meta.url);

export const construction: Case<Face>[] = [
  {
    name: "IoredisClient, three servers: acquire and release",
    async run(scene) {
      const { redlock, servers, key } = await three(scene);
      const lock = await redlock.acquireLock(key, 5_000);
      const during = await count(servers, key);
      const released = await redlock.releaseLock(lock!.resource, lock!.value);
      return { during, released, after: await count(servers, key) };
    },
  },
  {
    name: "one server, nothing but clients",
    async run(scene) {
      const servers = await scene.clients(1);
      const redlock = new scene.face.Redlock(servers.map((server) => new scene.face.IoredisClient(server)));
      const lock = await redlock.acquireLock(scene.key(), 5_000);
      await redlock.releaseLock(scene.key(), lock!.value);
      return { lock: show(lock), after: await count(servers, scene.key()) };
    },
  },
  {
    name: "RedisjsClient: acquire and release",
    async run(scene) {
      const nodes = await nodeRedis(scene, 0, 3);
      const redlock = new scene.face.Redlock(nodes.map((node) => new scene.face.RedisjsClient(node)));
      const lock = await redlock.acquireLock(scene.key(), 5_000);
      const during = await read(nodes, scene.key());
      await redlock.releaseLock(lock!.resource, lock!.value);
      const after = await read(nodes, scene.key());
      return { during: during.map((value) => value === lock!.value), after };
    },
  },
  {
    name: "clients of both kinds on different servers: acquire, renew and release",
    async run(scene) {
      const ioredis = await scene.clients(2);
      const [node] = (await nodeRedis(scene, 2, 3)) as [Awaited<ReturnType<typeof nodeRedis>>[number]];
      const { IoredisClient, RedisjsClient, Redlock } = scene.face;
      const redlock = new Redlock([
        ...ioredis.map((each) => new IoredisClient(each)),
        new RedisjsClient(node),
      ]);
      const lock = (await redlock.acquireLock(scene.key(), 1_000))!;
      const during = await read([...ioredis, node], scene.key());
      const renewed = await redlock.renewLock(lock.resource, lock.value, 5_000);
      const expires = [...(await left(ioredis, scene.key())), await node.pTTL(scene.key())];
      await redlock.releaseLock(lock.resource, lock.value);
      const after = await read([...ioredis, node], scene.key());
      const mine = during.map((value) => value === lock.value);
      return { mine, renewed, longer: expires.map((ms) => ms > 4_000), after };
    },
  },
  {
    name: "the clients that the package brings along: ioredis 5 and node-redis 4",
    async run(scene) {
      const brought = createRequire(require.resolve("node-redlock/package.json"));
      const ioredis = brought("ioredis") as { Redis: new (port: number, host: string) => Redis };
      const redis = brought("redis") as typeof import("redis");
      const [one, two, three] = sharedServers().map(({ port }) => port) as [number, number, number];
      const [first, second] = [new ioredis.Redis(one, "127.0.0.1"), new ioredis.Redis(two, "127.0.0.1")];
      const third = redis.createClient({ url: `redis://127.0.0.1:${three}` });
      await third.connect();
      scene.later(() => Promise.all([first.quit(), second.quit(), third.quit()]));
      const { IoredisClient, RedisjsClient, Redlock } = scene.face;
      const redlock = new Redlock([
        new IoredisClient(first),
        new IoredisClient(second),
        new RedisjsClient(third),
      ]);
      const lock = (await redlock.acquireLock(scene.key(), 5_000))!;
      const during = await read([first, second, third], scene.key());
      const renewed = await redlock.renewLock(lock.resource, lock.value, 5_000);
      await redlock.releaseLock(lock.resource, lock.value);
      const after = await read([first, second, third], scene.key());
      return { during: during.map((value) => value === lock.value), renewed, after };
    },
  },
  {
    name: "clients of one's own, with set and eval",
    async run(scene) {
      const servers = await scene.clients(3);
      const redlock = new scene.face.Redlock(byHand(servers));
      const lock = (await redlock.acquireLock(scene.key(), 1_000))!;
      const mine = (await read(servers, scene.key())).map((value) => value === lock.value);
      const renewed = await redlock.renewLock(lock.resource, lock.value, 5_000);
      await redlock.releaseLock(lock.resource, lock.value);
      return { mine, renewed, after: await count(servers, scene.key()) };
    },
  },
  {
    name: "clients that are still connecting",
    async run(scene) {
      const servers = sharedServers().slice(0, 3);
      const clients = servers.map(({ port }) => new Redis(port, "127.0.0.1"));
      scene.later(() => clients.forEach((client) => void client.disconnect()));
      const redlock = new scene.face.Redlock(clients.map((client) => new scene.face.IoredisClient(client)));
      return show(await redlock.acquireLock(scene.key(), 5_000));
    },
  },
  {
    name: "bare ioredis clients, as the README shows them",
    async run(scene) {
      const servers = await scene.clients(3);
      const redlock = new scene.face.Redlock(servers, 1, 1);
      const lock = await redlock.acquireLock(scene.key(), 5_000);
      if (lock !== null) await redlock.releaseLock(lock.resource, lock.value);
      return { lock: show(lock), after: await count(servers, scene.key()) };
    },
    differs: {
      original: { lock: null, after: 0 },
      ours: { lock: "locked", after: 0 },
      why: "Bare ioredis and node-redis clients work, as the README shows them: in the original they never did.",
    },
  },
  {
    name: "bare node-redis clients",
    async run(scene) {
      const nodes = await nodeRedis(scene, 0, 3);
      const redlock = new scene.face.Redlock(nodes, 1, 1);
      const lock = await redlock.acquireLock(scene.key(), 5_000);
      if (lock !== null) await redlock.releaseLock(lock.resource, lock.value);
      return { lock: show(lock), after: await count(nodes, scene.key()) };
    },
    differs: {
      original: { lock: "locked", after: 3 },
      ours: { lock: "locked", after: 0 },
      why: "Bare ioredis and node-redis clients work, as the README shows them: in the original they never did.",
    },
  },
  {
    name: "no clients",
    run: (scene) =>
      scene.outcome(
        Promise.resolve().then(() => new scene.face.Redlock([], 1, 1).acquireLock(scene.key(), 1_000)),
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
    async run(scene) {
      const { IoredisClient, RedisjsClient, Redlock } = scene.face;
      const ioredis = (await scene.clients(1)).map((client) => new IoredisClient(client));
      const redisjs = (await nodeRedis(scene, 0, 1)).map((client) => new RedisjsClient(client));
      const redlock = new Redlock([...ioredis, ...redisjs], 1, 1);
      const { value, error } = (await scene.outcome(redlock.acquireLock(scene.key(), 1_000), (lock) =>
        show(lock as Lock | null),
      )) as Outcome;
      return value ?? error;
    },
    differs: { original: "locked", ours: "DuplicateNodeError", why: oneServer },
  },
  {
    name: "it is an event emitter",
    async run(scene) {
      return (await three(scene)).redlock instanceof EventEmitter;
    },
  },
];
