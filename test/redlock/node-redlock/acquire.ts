import { setTimeout as sleep } from "node:timers/promises";
import { waitUntil } from "../../support/servers.js";
import type { Case } from "../compare.js";
import { count, countCommands, drop, gone, left, occupy, read } from "../v4-support.js";
import { type Api, customClients, type Lock, long, near, type Outcome, show, three } from "./api.js";
import { badTtl, noAttempts, noWait, strategyCalls } from "./intended-differences.js";

export const acquiring: Case<Api>[] = [
  {
    name: "a lock is a resource, a value and a ttl",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const before = Date.now();
      const lock = (await redlock.acquireLock(key, 5_000))!;
      const parsed = JSON.parse(JSON.stringify(lock)) as Lock;
      return {
        keys: Object.keys(lock).sort(),
        resource: context.plain(lock.resource),
        types: [typeof lock.value, typeof lock.ttl],
        parsed: [parsed.resource === lock.resource, parsed.value === lock.value, parsed.ttl === lock.ttl],
        stored: (await read(servers, key)).map((value) => value === lock.value),
        deadline: lock.ttl > before + 4_000 && lock.ttl <= Date.now() + 5_000,
        expires: (await left(servers, key)).map(near(5_000)),
      };
    },
  },
  {
    name: "the value of a lock is a UUID",
    async run(context) {
      const { redlock, key } = await three(context);
      return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(
        (await redlock.acquireLock(key, 1_000))!.value,
      );
    },
    differs: {
      original: true,
      ours: false,
      why: "The value of a lock begins with the owner's label: treat it as an opaque string.",
    },
  },
  {
    name: "the ttl of a lock is its end, without drift",
    async run(context) {
      const { redlock, key } = await three(context);
      const before = Date.now();
      return (await redlock.acquireLock(key, long))!.ttl >= before + long;
    },
    differs: {
      original: true,
      ours: false,
      why: "A lock's ttl is the time until which it is certainly held: the drift of clocks is already subtracted.",
    },
  },
  {
    name: "the ttl of a lock that had to wait",
    async run(context) {
      const { redlock, servers, key } = await three(context, 50, 20);
      await occupy(servers, key, 150);
      const lock = (await redlock.acquireLock(key, 100))!;
      return lock.ttl > Date.now();
    },
    differs: {
      original: false,
      ours: true,
      why: "A lock's ttl counts from the attempt that won: the original counted from the first, so that it could be past already.",
    },
  },
  {
    name: "a second lock is null",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const lock = (await redlock.acquireLock(key, 5_000))!;
      const second = await redlock.acquireLock(key, 5_000);
      return { second, stored: (await read(servers, key)).map((value) => value === lock.value) };
    },
  },
  {
    name: "another program's lock is respected",
    async run(context) {
      const { redlock, key } = await three(context);
      const other = await three(context);
      const lock = (await other.redlock.acquireLock(key, 5_000))!;
      const during = await redlock.acquireLock(key, 5_000);
      await other.redlock.releaseLock(key, lock.value);
      return { during, after: show(await redlock.acquireLock(key, 5_000)) };
    },
  },
  {
    name: "acquired as soon as it is free",
    async run(context) {
      const { redlock, servers, key } = await three(context, 100);
      const first = (await redlock.acquireLock(key, long))!;
      const seen = await countCommands(context, key);
      const waiting = redlock.acquireLock(key, 5_000);
      await waitUntil("it has tried", 5_000, () => seen() > 0);
      await redlock.releaseLock(key, first.value);
      const second = (await waiting)!;
      return (await read(servers, key)).map((value) => value === second.value);
    },
  },
  {
    name: "acquired when the other lock ends with its ttl",
    async run(context) {
      const { redlock, key } = await three(context, 50);
      const first = (await redlock.acquireLock(key, 100))!;
      const second = (await redlock.acquireLock(key, 5_000))!;
      return first.value !== second.value;
    },
  },
  {
    name: "held on a minority of the servers: locked, and the minority left alone",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      await occupy(servers.slice(0, 1), key);
      const lock = (await redlock.acquireLock(key, 5_000))!;
      await redlock.releaseLock(key, lock.value);
      return { lock: show(lock), after: await read(servers, key) };
    },
  },
  {
    name: "held on a majority of the servers: null, and nothing left behind",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      await occupy(servers.slice(1), key);
      const lock = await redlock.acquireLock(key, 5_000);
      await gone(servers.slice(0, 1), key);
      return { lock, after: await read(servers, key) };
    },
  },
  {
    name: "held on one of two servers: null",
    async run(context) {
      const servers = await context.clients(2);
      const clients = servers.map((server) => new context.api.IoredisClient(server));
      await occupy(servers.slice(1), context.key());
      return new context.api.Redlock(clients, 1, 1).acquireLock(context.key(), 1_000);
    },
  },
  {
    name: "retryCount is the number of attempts",
    async run(context) {
      const results: unknown[] = [];
      for (const retryCount of [1, 2, 5]) {
        for (const freed of [retryCount - 2, retryCount - 1]) {
          const { redlock, servers } = await three(context, retryCount);
          const key = context.key(`${retryCount} ${freed}`);
          await occupy(servers, key);
          const strategy = (attempt: number) => {
            if (attempt === freed) void drop(servers, key);
            return 40;
          };
          results.push(show(await redlock.acquireLockWithCustomRetry(key, 1_000, strategy)));
        }
      }
      return results;
    },
  },
  {
    name: "three attempts, 200 ms apart, by default",
    async run(context) {
      const servers = await context.clients(1);
      const redlock = new context.api.Redlock(servers.map((server) => new context.api.IoredisClient(server)));
      const keys = [context.key("a"), context.key("b")] as const;
      await Promise.all([occupy(servers, keys[0], 300), occupy(servers, keys[1])]);
      const start = performance.now();
      const waited = async (key: string) => {
        const lock = await redlock.acquireLock(key, 1_000);
        return [show(lock), performance.now() - start > 390];
      };
      return Promise.all(keys.map(waited));
    },
  },
  {
    name: "after the last attempt",
    async run(context) {
      const { redlock, servers, key } = await three(context, 1, 300);
      await occupy(servers, key);
      const start = performance.now();
      const lock = await redlock.acquireLock(key, 1_000);
      return { lock, waited: performance.now() - start > 290 };
    },
    differs: {
      original: { lock: null, waited: true },
      ours: { lock: null, waited: false },
      why: noWait,
    },
  },
  {
    name: "retryCount 0",
    async run(context) {
      const servers = await context.clients(3);
      return show(await new context.api.Redlock(customClients(servers), 0).acquireLock(context.key(), 1_000));
    },
    differs: { original: null, ours: "locked", why: noAttempts },
  },
  {
    name: "retryCount -1",
    async run(context) {
      const servers = await context.clients(3);
      const clients = servers.map((server) => new context.api.IoredisClient(server));
      await occupy(servers, context.key(), 1_000);
      const redlock = new context.api.Redlock(clients, -1, 10);
      const locked = redlock.acquireLock(context.key(), 1_000).then(show);
      const soon = await context.outcomeWithin(200, locked, (lock) => lock);
      return [soon, await locked];
    },
    differs: {
      original: [{ value: null }, null],
      ours: ["still pending", "locked"],
      why: noAttempts,
    },
  },
  {
    name: "retryCount left out, retryDelay given",
    async run(context) {
      const servers = await context.clients(3);
      const clients = servers.map((server) => new context.api.IoredisClient(server));
      await occupy(servers, context.key());
      const redlock = new context.api.Redlock(clients, undefined, 20);
      const start = performance.now();
      const lock = await redlock.acquireLock(context.key(), 1_000);
      const ms = performance.now() - start;
      return { lock, waited: ms > 35, briefly: ms < 380 };
    },
  },
  {
    name: "a ttl of thirty days",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const ttl = 30 * 24 * 3_600_000;
      const lock = (await redlock.acquireLock(key, ttl))!;
      await sleep(20);
      const expires = (await left(servers, key)).map((ms) => ms > ttl - 10_000);
      await redlock.releaseLock(key, lock.value);
      return { expires, deadline: lock.ttl > Date.now() + ttl * 0.98, after: await count(servers, key) };
    },
  },
  {
    name: "fifty resources at once",
    async run(context) {
      const { redlock, servers } = await three(context);
      const keys = Array.from({ length: 50 }, (_, index) => context.key(String(index)));
      const locks = await Promise.all(keys.map((key) => redlock.acquireLock(key, 5_000)));
      const renewed = await Promise.all(
        locks.map((lock) => redlock.renewLock(lock!.resource, lock!.value, 5_000)),
      );
      await Promise.all(locks.map((lock) => redlock.releaseLock(lock!.resource, lock!.value)));
      const after = await Promise.all(keys.map((key) => count(servers, key)));
      return { renewed: renewed.every(Boolean), after: [...new Set(after)] };
    },
  },
  {
    name: "acquired again without waiting for the release",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const first = (await redlock.acquireLock(key, 5_000))!;
      const released = redlock.releaseLock(key, first.value);
      const second = await redlock.acquireLock(key, 5_000);
      await released;
      return (await read(servers, key)).map((value) => value === second?.value);
    },
  },
  {
    name: "an invalid ttl",
    async run(context) {
      const { redlock, servers } = await three(context);
      const results: unknown[] = [];
      for (const ttl of [0, -1, 0.5, undefined as never]) {
        const calls = [
          (key: string) => redlock.acquireLock(key, ttl),
          (key: string) => redlock.acquireLockWithCustomRetry(key, ttl, () => 1),
          (key: string) => redlock.tryAcquire(key, "mine", ttl),
        ];
        for (const [index, call] of calls.entries()) {
          const key = context.key(`${ttl} ${index}`);
          const { value, error } = (await context.outcome(call(key), (given) => given)) as Outcome;
          results.push(error ?? value, await count(servers, key));
        }
      }
      return results;
    },
    differs: {
      original: Array(4).fill([null, 0, null, 0, 0, 0]).flat(),
      ours: Array(12).fill(["InvalidOptionError", 0]).flat(),
      why: badTtl,
    },
  },
  {
    name: "renewed by an invalid ttl",
    async run(context) {
      const { redlock, key } = await three(context);
      const results: unknown[] = [];
      for (const ttl of [0.5, "soon" as never, undefined as never]) {
        const lock = (await redlock.acquireLock(key, 1_000))!;
        const renewed = Promise.resolve().then(() => redlock.renewLock(key, lock.value, ttl));
        const { value, error } = (await context.outcome(renewed, (given) => given)) as Outcome;
        results.push(error ?? value);
        await redlock.releaseLock(key, lock.value);
      }
      return results;
    },
    differs: {
      original: [false, false, "TypeError"],
      ours: Array(3).fill("InvalidOptionError"),
      why: badTtl,
    },
  },
  {
    name: "servers that answer after the ttl: null, and nothing left behind",
    async run(context) {
      const servers = await context.clients(3);
      const redlock = new context.api.Redlock(customClients(servers, 120), 1, 1);
      const lock = await redlock.acquireLock(context.key(), 60);
      await gone(servers, context.key());
      return lock;
    },
  },
  {
    name: "a custom retry that is not needed",
    async run(context) {
      const { redlock, key } = await three(context, 3);
      const attempts: number[] = [];
      const lock = await redlock.acquireLockWithCustomRetry(key, 5_000, (attempt) => attempts.push(attempt));
      return { lock: show(lock), keys: Object.keys(lock!).sort(), attempts };
    },
  },
  {
    name: "a custom retry that never succeeds",
    async run(context) {
      const { redlock, servers, key } = await three(context, 3);
      await occupy(servers, key);
      const attempts: number[] = [];
      const lock = await redlock.acquireLockWithCustomRetry(key, 5_000, (attempt) => {
        attempts.push(attempt);
        return 2 ** attempt;
      });
      return { lock, attempts };
    },
    differs: {
      original: { lock: null, attempts: [0, 1, 2] },
      ours: { lock: null, attempts: [0, 1] },
      why: strategyCalls,
    },
  },
  {
    name: "a custom retry that succeeds later",
    async run(context) {
      const { redlock, servers, key } = await three(context, 10);
      await occupy(servers, key);
      const attempts: number[] = [];
      const lock = await redlock.acquireLockWithCustomRetry(key, 5_000, (attempt) => {
        attempts.push(attempt);
        if (attempt === 2) void drop(servers, key);
        return 60;
      });
      return { lock: show(lock), attempts };
    },
  },
  {
    name: "a custom retry that returns no number",
    async run(context) {
      const { redlock, servers, key } = await three(context, 4);
      await occupy(servers, key);
      let freed = false;
      const lock = redlock.acquireLockWithCustomRetry(key, 1_000, (attempt) => {
        if (attempt === 2) freed = true;
        return [Number.NaN, -5, undefined][attempt] as number;
      });
      const { value, error } = (await context.outcome(lock, (given) => given)) as Outcome;
      return { result: error ?? value, freed };
    },
    differs: {
      original: { result: null, freed: true },
      ours: { result: "InvalidOptionError", freed: false },
      why: "A retry function that gives no number of ms is refused with InvalidOptionError: the original went on at once.",
    },
  },
  {
    name: "a custom retry decides how long to wait",
    async run(context) {
      const { redlock, servers, key } = await three(context, 3);
      await occupy(servers, key);
      const start = performance.now();
      await redlock.acquireLockWithCustomRetry(key, 5_000, (attempt) => 50 * (attempt + 1));
      return performance.now() - start > 145;
    },
  },
  {
    name: "a custom retry that throws",
    async run(context) {
      const { redlock, servers, key } = await three(context, 3);
      await occupy(servers.slice(1), key);
      const locked = redlock.acquireLockWithCustomRetry(key, 5_000, () => {
        throw new RangeError("no more");
      });
      const outcome = await context.outcome(locked);
      await gone(servers.slice(0, 1), key);
      return outcome;
    },
  },
  {
    name: "a custom retry, and servers that answer after the ttl",
    async run(context) {
      const servers = await context.clients(3);
      const redlock = new context.api.Redlock(customClients(servers, 120), 1, 1);
      return show(await redlock.acquireLockWithCustomRetry(context.key(), 60, () => 1));
    },
    differs: {
      original: "locked",
      ours: null,
      why: "acquireLockWithCustomRetry never gives a lock that has expired already: the original did not check.",
    },
  },
];
