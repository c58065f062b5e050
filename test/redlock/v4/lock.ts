import { setTimeout as sleep } from "node:timers/promises";
import { waitUntil } from "../../support/servers.js";
import type { Case } from "../compare.js";
import { countCommands, gone, left, occupy, read } from "../v4-support.js";
import { type Api, counts, errorView, failure, type Lock, long, once, three } from "./api.js";
import { acquireArray, noResource, noTtl, unknownOption, zero } from "./intended-differences.js";

export const locking: Case<Api>[] = [
  {
    name: "the documented properties of a lock",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 1_000);
      const stored = await read(clients, key);
      return {
        isLock: lock instanceof context.api.Lock,
        redlock: lock.redlock === redlock,
        resource: lock.resource.map((each) => context.plain(each)),
        value: stored.map((value) => value === lock.value),
        attempts: lock.attempts,
        attemptsRemaining: lock.attemptsRemaining,
        types: [typeof lock.value, typeof lock.expiration],
        expires: (await left(clients, key)).map((ms) => ms > 0 && ms <= 1_010),
      };
    },
  },
  {
    name: "expiration leaves room for drift",
    async run(context) {
      const { redlock, key } = await three(context, { ...once, driftFactor: 0.25 });
      const before = Date.now();
      const lock = await redlock.lock(key, 1_000);
      return [lock.expiration <= Date.now() + 748, lock.expiration >= before + 738];
    },
  },
  {
    name: "the value of a lock is 32 hexadecimal digits",
    async run(context) {
      const { redlock, key } = await three(context);
      return /^[0-9a-f]{32}$/.test((await redlock.lock(key, 1_000)).value);
    },
    differs: {
      original: true,
      ours: false,
      why: "The value of a lock begins with the owner's label: treat it as an opaque string.",
    },
  },
  {
    name: "a second lock on the resource is refused",
    async run(context) {
      const { redlock, key } = await three(context);
      await redlock.lock(key, 1_000);
      return failure(context, redlock.lock(key, 1_000));
    },
  },
  {
    name: "another program's lock is respected",
    async run(context) {
      const { redlock, key } = await three(context);
      const other = await three(context);
      await other.redlock.lock(key, 1_000);
      return failure(context, redlock.lock(key, 1_000));
    },
  },
  {
    name: "a resource can be locked again after its unlock",
    async run(context) {
      const { redlock, key } = await three(context);
      const first = await redlock.lock(key, 1_000);
      await first.unlock();
      const second = await redlock.lock(key, 1_000);
      return { other: second !== first, value: second.value !== first.value };
    },
  },
  {
    name: "a lock that is not unlocked ends with its ttl",
    async run(context) {
      const { redlock, key } = await three(context, { retryCount: 30, retryDelay: 20, retryJitter: 0 });
      const first = await redlock.lock(key, 100);
      const second = await redlock.lock(key, 1_000);
      return { later: first.expiration < Date.now(), retried: second.attempts > 1 };
    },
  },
  {
    name: "several resources at once",
    async run(context) {
      const { redlock, clients } = await three(context);
      const keys = [context.key("a"), context.key("b"), context.key("c")];
      const lock = await redlock.lock(keys, 1_000);
      const stored = (await Promise.all(keys.map((key) => read(clients, key)))).flat();
      await lock.unlock();
      return {
        resource: lock.resource.map((each) => context.plain(each)),
        value: stored.filter((value) => value === lock.value).length,
        after: await counts(clients, ...keys),
      };
    },
  },
  {
    name: "several resources, of which one is held: none is locked",
    async run(context) {
      const { redlock, clients } = await three(context);
      const keys = [context.key("a"), context.key("b"), context.key("c")];
      await redlock.lock(keys[1]!, 1_000);
      return {
        failure: await failure(context, redlock.lock(keys, 1_000)),
        after: await counts(clients, ...keys),
      };
    },
  },
  {
    name: "held on a minority of the servers: locked, and the minority left alone",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      await occupy(clients.slice(0, 1), key);
      const lock = await redlock.lock(key, 1_000);
      const during = (await read(clients, key)).filter((value) => value === lock.value).length;
      return { during, unlocked: await failure(context, lock.unlock()), after: await read(clients, key) };
    },
  },
  {
    name: "held on a majority of the servers: refused, and nothing left behind",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      await occupy(clients.slice(1), key);
      const failed = await failure(context, redlock.lock(key, 1_000));
      await gone(clients.slice(0, 1), key);
      return { failed, after: await read(clients, key) };
    },
  },
  {
    name: "held on one of two servers: refused",
    async run(context) {
      const clients = await context.clients(2);
      await occupy(clients.slice(1), context.key());
      return failure(context, new context.api(clients, once).lock(context.key(), 1_000));
    },
  },
  {
    name: "retryCount 2: three attempts",
    async run(context) {
      const { redlock, clients, key } = await three(context, { ...once, retryCount: 2 });
      await occupy(clients, key);
      return failure(context, redlock.lock(key, 1_000));
    },
  },
  {
    name: "a failure names all its resources, and is a LockError",
    async run(context) {
      const { redlock, clients } = await three(context, { ...once, retryCount: 1 });
      await occupy(clients, context.key("b"));
      const locked = redlock.lock([context.key("a"), context.key("b")], 1_000);
      const error: unknown = await locked.catch((reason: unknown) => reason);
      const kinds = [error instanceof context.api.LockError, error instanceof Error];
      return { ...errorView(context, error), kinds };
    },
  },
  {
    name: "a waiting lock call gets the lock when it is free",
    async run(context) {
      const { redlock, clients, key } = await three(context, { ...once, retryCount: 100 });
      const first = await redlock.lock(key, long);
      const seen = await countCommands(context, key);
      const waiting = redlock.lock(key, long);
      await waitUntil("it has tried", 5_000, () => seen() > 0);
      await first.unlock();
      const second = await waiting;
      return {
        value: (await read(clients, key)).map((value) => value === second.value),
        retried: second.attempts > 1,
        sum: second.attempts + second.attemptsRemaining,
      };
    },
  },
  {
    name: "retryCount -1: without end",
    async run(context) {
      const { redlock, key } = await three(context, { retryCount: -1, retryDelay: 5, retryJitter: 0 });
      const first = await redlock.lock(key, long);
      const seen = await countCommands(context, key);
      const waiting = redlock.lock(key, long);
      await waitUntil("it has tried more often than by default", 5_000, () => seen() > 24);
      const meanwhile = await context.outcomeWithin(1, waiting);
      await first.unlock();
      return { meanwhile, later: (await waiting).attempts > 11 };
    },
  },
  {
    name: "retryCount -1 of a single call",
    async run(context) {
      const { redlock, key } = await three(context);
      const first = await redlock.lock(key, long);
      const seen = await countCommands(context, key);
      const waiting = redlock.lockWithOptions(key, long, { retryCount: -1 });
      await waitUntil("it has tried again", 5_000, () => seen() > 4);
      await first.unlock();
      return (await waiting).attempts > 1;
    },
  },
  {
    name: "retryDelay lies between the attempts",
    async run(context) {
      const { redlock, clients, key } = await three(context, {
        retryCount: 2,
        retryDelay: 60,
        retryJitter: 0,
      });
      await occupy(clients, key);
      const start = performance.now();
      const failed = await failure(context, redlock.lock(key, 1_000));
      return { failed, waited: performance.now() - start > 110 };
    },
  },
  {
    name: "retryJitter never takes a delay below zero",
    async run(context) {
      const { redlock, clients, key } = await three(context, {
        retryCount: 5,
        retryDelay: 1,
        retryJitter: 5,
      });
      await occupy(clients, key);
      return failure(context, redlock.lock(key, 1_000));
    },
  },
  {
    name: "lockWithOptions and acquireWithOptions: options of a single call",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      await occupy(clients, key);
      const options = { retryCount: 1, retryDelay: 1 };
      return [
        await failure(context, redlock.lockWithOptions(key, 1_000, options)),
        await failure(context, redlock.acquireWithOptions(key, 1_000, options)),
        (await redlock.lockWithOptions(context.key("b"), 1_000, options)).attemptsRemaining,
      ];
    },
  },
  {
    name: "lockWithOptions with retryCount 0",
    async run(context) {
      const { redlock, clients, key } = await three(context, { ...once, retryCount: 2 });
      await occupy(clients, key);
      return failure(context, redlock.lockWithOptions(key, 1_000, { retryCount: 0 }));
    },
    differs: {
      original: { name: "LockError", message: 'Exceeded 2 attempts to lock the resource "a".', attempts: 3 },
      ours: { name: "LockError", message: 'Exceeded 0 attempts to lock the resource "a".', attempts: 1 },
      why: zero,
    },
  },
  {
    name: "lockWithOptions with retryDelay 0",
    async run(context) {
      const { redlock, clients, key } = await three(context, {
        retryCount: 2,
        retryDelay: 200,
        retryJitter: 0,
      });
      await occupy(clients, key);
      const start = performance.now();
      await failure(context, redlock.lockWithOptions(key, 1_000, { retryDelay: 0 }));
      return performance.now() - start > 390;
    },
    differs: { original: true, ours: false, why: zero },
  },
  {
    name: "lockWithOptions with an unknown option",
    async run(context) {
      const { redlock, key } = await three(context);
      return (await context.outcome(redlock.lockWithOptions(key, 1_000, { retries: 1 }))).error ?? "locked";
    },
    differs: { original: "locked", ours: "InvalidOptionError", why: unknownOption },
  },
  {
    name: "an invalid ttl",
    async run(context) {
      const { redlock, key } = await three(context);
      const errors: unknown[] = [];
      for (const ttl of [0, -1, 0.5, "soon", undefined]) {
        errors.push((await context.outcome(redlock.lock(key, ttl))).error);
      }
      return errors;
    },
    differs: {
      original: Array(5).fill("LockError"),
      ours: Array(5).fill("InvalidOptionError"),
      why: noTtl,
    },
  },
  {
    name: "a ttl in a string",
    async run(context) {
      const { redlock, key } = await three(context);
      return (await context.outcome(redlock.lock(key, "1000"))).error ?? "locked";
    },
    differs: { original: "locked", ours: "InvalidOptionError", why: noTtl },
  },
  {
    name: "a ttl that drift uses up",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const failed = await failure(context, redlock.lock(key, 2));
      await gone(clients, key);
      return failed;
    },
  },
  {
    name: "a ttl of thirty days",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const ttl = 30 * 24 * 3_600_000;
      const lock = await redlock.lock(key, ttl);
      await sleep(20);
      const before = (await left(clients, key)).map((ms) => ms > ttl - 10_000);
      const valid = lock.expiration > Date.now() + ttl * 0.98;
      return {
        before,
        valid,
        unlocked: await failure(context, lock.unlock()),
        after: await counts(clients, key),
      };
    },
  },
  {
    name: "the same resource twice in one call",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock([key, key], 1_000);
      const extended = await lock.extend(1_000);
      const resource = extended.resource.map((each) => context.plain(each));
      return { resource, unlocked: await failure(context, lock.unlock()), after: await counts(clients, key) };
    },
    differs: {
      original: {
        resource: ["a", "a"],
        unlocked: { name: "LockError", message: 'Unable to fully release the lock on resource "a,a".' },
        after: [0],
      },
      ours: { resource: ["a", "a"], unlocked: "resolved", after: [0] },
      why: "A resource that is named twice in one call counts once: version 4 could lock it, and failed to release it.",
    },
  },
  {
    name: "no resource, and one without a name",
    async run(context) {
      const { redlock } = await three(context);
      const none = await context.outcome(redlock.lock([], 50));
      const nameless = await context.outcome(redlock.lock("", 50));
      return [none.error ?? "locked", nameless.error ?? "locked"];
    },
    differs: {
      original: ["locked", "locked"],
      ours: ["InvalidOptionError", "InvalidOptionError"],
      why: noResource,
    },
  },
  {
    name: "acquire with an array and a callback",
    async run(context) {
      const { redlock } = await three(context);
      const keys = [context.key("a"), context.key("b")];
      const lock = await new Promise<Lock>((resolve) => {
        void redlock.acquire(keys, 1_000, (_, given) => resolve(given!));
      });
      return {
        resource: lock.resource.map((each) => context.plain(each)),
        attempts: lock.attempts,
        same: (await lock.extend(1_000)) === lock,
      };
    },
  },
  {
    name: "acquire with an array: the lock",
    async run(context) {
      const { redlock, clients } = await three(context);
      const keys = [context.key("a"), context.key("b")];
      const lock = await redlock.acquire(keys, 1_000);
      const stored = (await Promise.all(keys.map((key) => read(clients, key)))).flat();
      return {
        isLock: lock instanceof context.api.Lock,
        resource: lock.resource.map((each) => context.plain(each)),
        value: stored.every((value) => value === lock.value),
        unlocked: await failure(context, lock.unlock()),
        expiration: lock.expiration,
        after: await counts(clients, ...keys),
      };
    },
  },
  {
    name: "acquire with an array: the properties of version 5",
    async run(context) {
      const { redlock } = await three(context);
      const keys = [context.key("a"), context.key("b")];
      const lock = await redlock.acquire(keys, 1_000);
      const refused = (await context.outcome(redlock.acquire(keys, 1_000))).error;
      return { attempts: typeof lock.attempts, refused, same: (await lock.extend(1_000)) === lock };
    },
    differs: {
      original: { attempts: "number", refused: "LockError", same: true },
      ours: { attempts: "object", refused: "ExecutionError", same: false },
      why: acquireArray,
    },
  },
  {
    name: "ten programs with connections of their own: one at a time, and nothing left behind",
    async run(context) {
      const options = { retryCount: -1, retryDelay: 10, retryJitter: 10 };
      const programs = await Promise.all(Array.from({ length: 10 }, () => three(context, options)));
      let [inside, most, count] = [0, 0, 0];
      const visits = programs.map(async ({ redlock, key }) => {
        for (let visit = 0; visit < 3; visit += 1) {
          const lock = await redlock.lock(key, 5_000);
          inside += 1;
          most = Math.max(most, inside);
          const seen = count;
          await sleep(1);
          count = seen + 1;
          inside -= 1;
          await lock.unlock();
        }
      });
      await Promise.all(visits);
      await gone(programs[0]!.clients, context.key());
      return { most, count };
    },
  },
  {
    name: "twenty at once: one at a time",
    async run(context) {
      const { redlock, key } = await three(context, { retryCount: -1, retryDelay: 10, retryJitter: 10 });
      let [inside, most, count] = [0, 0, 0];
      const visit = async () => {
        const lock = await redlock.lock(key, 5_000);
        inside += 1;
        most = Math.max(most, inside);
        const seen = count;
        await sleep(1);
        count = seen + 1;
        inside -= 1;
        await lock.unlock();
      };
      await Promise.all(Array.from({ length: 20 }, visit));
      return { most, count };
    },
  },
];
