import type { Case } from "../compare.js";
import { type Face, near, nodeRedis, show } from "./face.js";
import { alwaysYes } from "./meant.js";

export const wrappers: Case<Face>[] = [
  {
    name: "IoredisClient: set, get, getTTL and eval",
    async run(scene) {
      const [server] = await scene.clients(1);
      const client = new scene.face.IoredisClient(server);
      const key = scene.key();
      const before = [await client.get(key), await client.getTTL(key)];
      const set = [
        await client.set(key, "one", { NX: true, PX: 5_000 }),
        await client.set(key, "two", { NX: true, PX: 5_000 }),
      ];
      const ttl = await client.getTTL(key);
      const script =
        'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0';
      const evaluated = [
        await client.eval(script, [key], ["two"]),
        await client.eval(script, [key], ["one"]),
      ];
      return { before, set, ttl: near(5_000)(ttl), evaluated, after: await client.get(key) };
    },
  },
  {
    name: "IoredisClient: an error is a rejection",
    async run(scene) {
      const [server] = await scene.clients(1);
      const client = new scene.face.IoredisClient(server);
      const evaluated = client.eval("return redis.error_reply('MINE it failed')", [], []);
      return /MINE it failed/.test(String(((await scene.outcome(evaluated)) as { message: string }).message));
    },
  },
  {
    name: "RedisjsClient: set of a free key, and eval that deletes it",
    async run(scene) {
      const [node] = await nodeRedis(scene, 0, 1);
      const client = new scene.face.RedisjsClient(node);
      const key = scene.key();
      const set = await client.set(key, "one", { NX: true, PX: 5_000 });
      const stored = await node!.get(key);
      const ttl = await node!.pTTL(key);
      const evaluated = await client.eval('return redis.call("del", KEYS[1])', [key], ["one"]);
      return { set, stored, ttl: near(5_000)(ttl), evaluated, after: await node!.get(key) };
    },
  },
  {
    name: "RedisjsClient: set of a held key, and eval that does nothing",
    async run(scene) {
      const [node] = await nodeRedis(scene, 0, 1);
      const client = new scene.face.RedisjsClient(node);
      await client.set(scene.key(), "one", { NX: true, PX: 5_000 });
      return [
        await client.set(scene.key(), "two", { NX: true, PX: 5_000 }),
        await node!.get(scene.key()),
        await client.eval("return 0", [scene.key()], ["one"]),
      ];
    },
    differs: { original: ["OK", "one", 1], ours: [null, "one", 0], why: alwaysYes },
  },
  {
    name: "RedisjsClient: get and getTTL",
    async run(scene) {
      const [node] = await nodeRedis(scene, 0, 1);
      const client = new scene.face.RedisjsClient(node);
      if (client.get === undefined) return [typeof client.get, typeof client.getTTL];
      const before = [await client.get(scene.key()), await client.getTTL(scene.key())];
      await client.set(scene.key(), "one", { NX: true, PX: 5_000 });
      return [...before, await client.get(scene.key()), (await client.getTTL(scene.key())) > 4_000];
    },
    differs: {
      original: ["undefined", "undefined"],
      ours: [null, -2, "one", true],
      why: "RedisjsClient has get and getTTL as well, as its documentation says of every client.",
    },
  },
  {
    name: "RedisjsClient: two programs on the same servers",
    async run(scene) {
      const lockers = [await nodeRedis(scene, 0, 3), await nodeRedis(scene, 0, 3)].map(
        (nodes) =>
          new scene.face.Redlock(
            nodes.map((node) => new scene.face.RedisjsClient(node)),
            1,
            1,
          ),
      );
      const locks: unknown[] = [];
      for (const locker of lockers) locks.push(show(await locker.acquireLock(scene.key(), 5_000)));
      return locks;
    },
    differs: { original: ["locked", "locked"], ours: ["locked", null], why: alwaysYes },
  },
  {
    name: "RedisjsClient: renewed after it vanished",
    async run(scene) {
      const nodes = await nodeRedis(scene, 0, 1);
      const redlock = new scene.face.Redlock(nodes.map((node) => new scene.face.RedisjsClient(node)));
      const lock = (await redlock.acquireLock(scene.key(), 5_000))!;
      await nodes[0]!.del(scene.key());
      return redlock.renewLock(scene.key(), lock.value, 5_000);
    },
    differs: { original: true, ours: false, why: alwaysYes },
  },
  {
    name: "both kinds on different servers: two programs exclude each other",
    async run(scene) {
      const make = async () => {
        const ioredis = (await scene.clients(2)).map((client) => new scene.face.IoredisClient(client));
        const redisjs = (await nodeRedis(scene, 2, 3)).map((client) => new scene.face.RedisjsClient(client));
        return new scene.face.Redlock([...ioredis, ...redisjs], 1, 1);
      };
      const [one, two] = [await make(), await make()];
      const lock = (await one.acquireLock(scene.key(), 5_000))!;
      const during = await two.acquireLock(scene.key(), 5_000);
      await one.releaseLock(scene.key(), lock.value);
      return { during, after: show(await two.acquireLock(scene.key(), 5_000)) };
    },
  },
];
