import { setTimeout as sleep } from "node:timers/promises";
import type { Case } from "../compare.js";
import { drop, gone, left, occupy, read } from "../v4-support.js";
import { type Api, counts, failure, long, three } from "./api.js";
import { noTtl } from "./intended-differences.js";

export const extending: Case<Api>[] = [
  {
    name: "extend returns the same lock, which lasts longer",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 1_000);
      const { value, expiration } = lock;
      const extended = await lock.extend(5_000);
      return {
        same: extended === lock,
        value: extended.value === value,
        longer: extended.expiration > expiration + 3_000,
        stored: (await read(clients, key)).map((each) => each === value),
        expires: (await left(clients, key)).map((ms) => ms > 4_000 && ms <= 5_010),
        unlocked: await failure(context, extended.unlock()),
      };
    },
  },
  {
    name: "extended again and again, past its first ttl, by redlock.extend",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 300);
      const first = lock.expiration;
      while (Date.now() < first + 100) {
        await redlock.extend(lock, 300);
        await sleep(50);
      }
      return { after: await counts(clients, key), valid: lock.expiration > Date.now() };
    },
  },
  {
    name: "several resources are extended together",
    async run(context) {
      const { redlock, clients } = await three(context);
      const keys = [context.key("a"), context.key("b")];
      const lock = await redlock.lock(keys, 1_000);
      await lock.extend(5_000);
      const times = (await Promise.all(keys.map((key) => left(clients, key)))).flat();
      return { times: times.map((ms) => ms > 4_000), unlocked: await failure(context, lock.unlock()) };
    },
  },
  {
    name: "extended after it expired",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 400);
      await gone(clients, key);
      const byLock = await failure(context, lock.extend(1_000));
      return { byLock, byRedlock: await failure(context, redlock.extend(lock, 1_000)) };
    },
  },
  {
    name: "extended after it was unlocked",
    async run(context) {
      const { redlock, key } = await three(context);
      const lock = await redlock.lock(key, 1_000);
      await lock.unlock();
      return failure(context, lock.extend(1_000));
    },
  },
  {
    name: "extended after its keys vanished",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 1_000);
      await drop(clients, key);
      return { failed: await failure(context, lock.extend(1_000)), after: await counts(clients, key) };
    },
  },
  {
    name: "extended after another program acquired it: that lock is unchanged",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 1_000);
      await occupy(clients, key);
      return { failed: await failure(context, lock.extend(1_000)), after: await read(clients, key) };
    },
  },
  {
    name: "extended while one of several resources is missing",
    async run(context) {
      const { redlock, clients } = await three(context);
      const keys = [context.key("a"), context.key("b")];
      const lock = await redlock.lock(keys, 1_000);
      await drop(clients, keys[0]!);
      return failure(context, lock.extend(1_000));
    },
  },
  {
    name: "extended while a minority of the servers has lost it",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 1_000);
      await drop(clients.slice(0, 1), key);
      return failure(context, lock.extend(1_000));
    },
  },
  {
    name: "extended while a majority has lost it: the remaining keys",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, long);
      await drop(clients.slice(1), key);
      return { failed: await failure(context, lock.extend(long)), after: await counts(clients, key) };
    },
  },
  {
    name: "extended by less than the remaining ttl",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 5_000);
      const extended = await lock.extend(1_000);
      return { same: extended === lock, longer: (await left(clients, key)).map((ms) => ms > 4_000) };
    },
    differs: {
      original: { same: true, longer: [false, false, false] },
      ours: { same: true, longer: [true, true, true] },
      why: "Extending never shortens a lock: a ttl shorter than what is left changes nothing on the servers.",
    },
  },
  {
    name: "extended from its parts, as in another process",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const { resource, value, expiration } = await redlock.lock(key, 1_000);
      const other = await three(context);
      const parts = { resource, value, expiration };
      const extended = await other.redlock.extend(parts, 5_000);
      return {
        same: (extended as object) === parts,
        later: parts.expiration > expiration + 3_000,
        expires: (await left(clients, key)).map((ms) => ms > 4_000),
      };
    },
  },
  {
    name: "extended through a Lock made by hand",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const { value, expiration } = await redlock.lock(key, 1_000);
      const lock = new context.api.Lock(redlock, key, value, expiration);
      const extended = await lock.extend(5_000);
      return {
        same: extended === lock,
        later: lock.expiration > expiration + 3_000,
        expires: (await left(clients, key)).map((ms) => ms > 4_000),
      };
    },
  },
  {
    name: "extended by an invalid ttl",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const errors: unknown[] = [];
      for (const ttl of [0, -1, 0.5, undefined as never]) {
        const lock = await redlock.lock(key, 1_000);
        errors.push((await context.outcome(lock.extend(ttl))).error);
        await drop(clients, key);
      }
      return errors;
    },
    differs: {
      original: Array(4).fill("LockError"),
      ours: Array(4).fill("InvalidOptionError"),
      why: noTtl,
    },
  },
  {
    name: "extended by another Redlock of the same servers",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const other = await three(context);
      const lock = await redlock.lock(key, 1_000);
      const extended = await other.redlock.extend(lock, 5_000);
      const expires = (await left(clients, key)).map((ms) => ms > 4_000);
      return { same: extended === lock, expires, unlocked: await failure(context, lock.unlock()) };
    },
  },
];
