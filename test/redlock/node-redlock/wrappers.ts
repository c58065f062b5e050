import type { Case } from "../compare.js";
import { type Api, near, nodeRedis, show } from "./api.js";
import { alwaysYes } from "./intended-differences.js";

export const wrappers: Case<Api>[] = [
  {
    name: "IoredisClient: set, get, getTTL and eval",
    async run(context) {
      const [server] = await context.clients(1);
      const client = new context.api.IoredisClient(server);
      const key = context.key();
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
    async run(context) {
      const [server] = await context.clients(1);
      const client = new context.api.IoredisClient(server);
      const evaluated = client.eval("return redis.error_reply('MINE it failed')", [], []);
      return /MINE it failed/.test(
        String(((await context.outcome(evaluated)) as { message: string }).message),
      );
    },
  },
  {
    name: "RedisjsClient: set of a free key, and eval that deletes it",
    async run(context) {
      const [node] = await nodeRedis(context, 0, 1);
      const client = new context.api.RedisjsClient(node);
      const key = context.key();
      const set = await client.set(key, "one", { NX: true, PX: 5_000 });
      const stored = await node!.get(key);
      const ttl = await node!.pTTL(key);
      const evaluated = await client.eval('return redis.call("del", KEYS[1])', [key], ["one"]);
      return { set, stored, ttl: near(5_000)(ttl), evaluated, after: await node!.get(key) };
    },
  },
  {
    name: "RedisjsClient: set of a held key, and eval that does nothing",
    async run(context) {
      const [node] = await nodeRedis(context, 0, 1);
      const client = new context.api.RedisjsClient(node);
      await client.set(context.key(), "one", { NX: true, PX: 5_000 });
      return [
        await client.set(context.key(), "two", { NX: true, PX: 5_000 }),
        await node!.get(context.key()),
        await client.eval("return 0", [context.key()], ["one"]),
      ];
    },
    differs: { original: ["OK", "one", 1], ours: [null, "one", 0], why: alwaysYes },
  },
  {
    name: "RedisjsClient: get and getTTL",
    async run(context) {
      const [node] = await nodeRedis(context, 0, 1);
      const client = new context.api.RedisjsClient(node);
      if (client.get === undefined) return [typeof client.get, typeof client.getTTL];
      const before = [await client.get(context.key()), await client.getTTL(context.key())];
      await client.set(context.key(), "one", { NX: true, PX: 5_000 });
      return [...before, await client.get(context.key()), (await client.getTTL(context.key())) > 4_000];
    },
    differs: {
      original: ["undefined", "undefined"],
      ours: [null, -2, "one", true],
      why: "RedisjsClient has get and getTTL as well, as its documentation says of every client.",
    },
  },
  {
    name: "RedisjsClient: two programs on the same servers",
    async run(context) {
      const lockers = [await nodeRedis(context, 0, 3), await nodeRedis(context, 0, 3)].map(
        (nodes) =>
          new context.api.Redlock(
            nodes.map((node) => new context.api.RedisjsClient(node)),
            1,
            1,
          ),
      );
      const locks: unknown[] = [];
      for (const locker of lockers) locks.push(show(await locker.acquireLock(context.key(), 5_000)));
      return locks;
    },
    differs: { original: ["locked", "locked"], ours: ["locked", null], why: alwaysYes },
  },
  {
    name: "RedisjsClient: renewed after it vanished",
    async run(context) {
      const nodes = await nodeRedis(context, 0, 1);
      const redlock = new context.api.Redlock(nodes.map((node) => new context.api.RedisjsClient(node)));
      const lock = (await redlock.acquireLock(context.key(), 5_000))!;
      await nodes[0]!.del(context.key());
      return redlock.renewLock(context.key(), lock.value, 5_000);
    },
    differs: { original: true, ours: false, why: alwaysYes },
  },
  {
    name: "both kinds on different servers: two programs exclude each other",
    async run(context) {
      const make = async () => {
        const ioredis = (await context.clients(2)).map((client) => new context.api.IoredisClient(client));
        const redisjs = (await nodeRedis(context, 2, 3)).map(
          (client) => new context.api.RedisjsClient(client),
        );
        return new context.api.Redlock([...ioredis, ...redisjs], 1, 1);
      };
      const [one, two] = [await make(), await make()];
      const lock = (await one.acquireLock(context.key(), 5_000))!;
      const during = await two.acquireLock(context.key(), 5_000);
      await one.releaseLock(context.key(), lock.value);
      return { during, after: show(await two.acquireLock(context.key(), 5_000)) };
    },
  },
];
