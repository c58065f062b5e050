import type { Redis } from "ioredis";
import type { Case } from "../compare.js";
import { drop, gone, left, occupy, read } from "../v4-support.js";
import { type Api, counts, failure, type Lock, long, three } from "./api.js";
import { released } from "./intended-differences.js";

export const ending: Case<Api>[] = [
  {
    name: "unlock and release, of the lock and of redlock",
    async run(context) {
      const { redlock, clients } = await three(context);
      const ways = [
        (lock: Lock) => lock.unlock(),
        (lock: Lock) => redlock.unlock(lock),
        (lock: Lock) => redlock.release(lock),
      ];
      const results: unknown[] = [];
      for (const way of ways) {
        const lock = await redlock.acquire(context.key(), 1_000);
        const result = await way(lock);
        results.push([result, lock.expiration, await counts(clients, context.key())]);
      }
      return results;
    },
  },
  {
    name: "the expiration is 0 as soon as unlock is called",
    async run(context) {
      const { redlock, key } = await three(context);
      const lock = await redlock.lock(key, 1_000);
      const unlocked = lock.unlock();
      const { expiration } = lock;
      await unlocked;
      return expiration;
    },
  },
  {
    name: "unlocked twice",
    async run(context) {
      const { redlock, key } = await three(context);
      const lock = await redlock.lock(key, 1_000);
      await lock.unlock();
      return failure(context, lock.unlock());
    },
    differs: {
      original: { name: "LockError", message: 'Unable to fully release the lock on resource "a".' },
      ours: "resolved",
      why: released,
    },
  },
  {
    name: "unlocked after it expired",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 400);
      await gone(clients, key);
      return failure(context, lock.unlock());
    },
    differs: {
      original: { name: "LockError", message: 'Unable to fully release the lock on resource "a".' },
      ours: "resolved",
      why: released,
    },
  },
  {
    name: "unlocked after its keys vanished",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 1_000);
      await drop(clients, key);
      return failure(context, redlock.unlock(lock));
    },
    differs: {
      original: { name: "LockError", message: 'Unable to fully release the lock on resource "a".' },
      ours: "resolved",
      why: released,
    },
  },
  {
    name: "unlocked after another program acquired it: that lock is unchanged",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 1_000);
      await occupy(clients, key);
      return { result: await failure(context, lock.unlock()), after: await read(clients, key) };
    },
    differs: {
      original: {
        result: { name: "LockError", message: 'Unable to fully release the lock on resource "a".' },
        after: Array(3).fill("somebody else"),
      },
      ours: { result: "resolved", after: Array(3).fill("somebody else") },
      why: released,
    },
  },
  {
    name: "unlocked while one of several resources is missing: the others are released",
    async run(context) {
      const { redlock, clients } = await three(context);
      const keys = [context.key("a"), context.key("b")];
      const lock = await redlock.lock(keys, 1_000);
      await drop(clients, keys[0]!);
      return { result: await failure(context, lock.unlock()), after: await counts(clients, ...keys) };
    },
    differs: {
      original: {
        result: { name: "LockError", message: 'Unable to fully release the lock on resource "a,b".' },
        after: [0, 0],
      },
      ours: { result: "resolved", after: [0, 0] },
      why: released,
    },
  },
  {
    name: "unlocked while a minority of the servers has lost it",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 1_000);
      await drop(clients.slice(0, 1), key);
      return failure(context, lock.unlock());
    },
  },
  {
    name: "unlocked by another Redlock of the same servers",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const other = await three(context);
      const lock = await redlock.lock(key, 1_000);
      const result = await failure(context, other.redlock.unlock(lock));
      await gone(clients, key);
      return { result, expiration: lock.expiration };
    },
  },
  {
    name: "unlocked from its parts, as in another process",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const { resource, value, expiration } = await redlock.lock(key, 1_000);
      const other = await three(context);
      const result = await failure(context, other.redlock.unlock({ resource, value, expiration }));
      await gone(clients, key);
      return result;
    },
  },
  {
    name: "unlocked through a Lock made by hand",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const { value, expiration } = await redlock.lock(key, 1_000);
      const lock = new context.api.Lock(redlock, key, value, expiration);
      const result = await failure(context, lock.unlock());
      await gone(clients, key);
      return { result, expiration: lock.expiration };
    },
  },
  {
    name: "quit ends the clients, resolves with their answers and keeps held locks",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const witnesses = await context.clients(3);
      await redlock.lock(key, long);
      const ended = clients.map((client) => new Promise((resolve) => client.once("end", resolve)));
      const answers = await redlock.quit();
      await Promise.all(ended);
      const after = await counts(witnesses, key);
      await drop(witnesses, key);
      return { answers, status: clients.map(({ status }) => status), after };
    },
  },
  {
    name: "quit with a callback",
    async run(context) {
      const { redlock } = await three(context);
      return new Promise((resolve) => {
        void redlock.quit((error, answers) => resolve({ error, answers }));
      });
    },
  },
  {
    name: "quit while a lock call waits",
    async run(context) {
      const { redlock, key } = await three(context, { retryCount: 3, retryDelay: 20, retryJitter: 0 });
      const [witness] = (await context.clients(1)) as [Redis];
      await redlock.lock(key, long);
      const waiting = context.outcome(redlock.lock(key, 1_000));
      await redlock.quit();
      await witness.del(key);
      return (await waiting).error;
    },
    differs: {
      original: "LockError",
      ours: "ManagerClosedError",
      why: "quit ends the calls that wait for a lock: they reject with ManagerClosedError.",
    },
  },
  {
    name: "lock after quit",
    async run(context) {
      const { redlock, key } = await three(context);
      await redlock.quit();
      return (await context.outcome(redlock.lock(key, 1_000))).error;
    },
    differs: {
      original: "LockError",
      ours: "ManagerClosedError",
      why: "After quit, locking rejects with ManagerClosedError at once: the clients are not asked any more.",
    },
  },
];

export const overlapping: Case<Api>[] = [
  {
    name: "locked again without waiting for the unlock",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const first = await redlock.lock(key, 1_000);
      const unlocked = first.unlock();
      const second = await redlock.lock(key, 1_000);
      await unlocked;
      return (await read(clients, key)).map((value) => value === second.value);
    },
  },
  {
    name: "extended twice at once",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 1_000);
      const extended = await Promise.all([lock.extend(4_000), lock.extend(5_000)]);
      return {
        same: extended.map((each) => each === lock),
        longer: (await left(clients, key)).map((ms) => ms > 4_000),
      };
    },
  },
  {
    name: "unlocked without waiting for the extension",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 1_000);
      const results = await Promise.all([
        failure(context, lock.extend(5_000)),
        failure(context, lock.unlock()),
      ]);
      await gone(clients, key);
      return results;
    },
    differs: {
      original: ["resolved", "resolved"],
      ours: [
        { name: "LockError", message: 'Exceeded 0 attempts to lock the resource "a".', attempts: 0 },
        "resolved",
      ],
      why: "A release ends an extension that is still under way: the extension fails, because nothing is held any more.",
    },
  },
  {
    name: "unlocked twice at once",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const lock = await redlock.lock(key, 1_000);
      const results = await Promise.all([failure(context, lock.unlock()), failure(context, lock.unlock())]);
      return { results, after: await counts(clients, key) };
    },
    differs: {
      original: {
        results: [
          "resolved",
          { name: "LockError", message: 'Unable to fully release the lock on resource "a".' },
        ],
        after: [0],
      },
      ours: { results: ["resolved", "resolved"], after: [0] },
      why: released,
    },
  },
  {
    name: "a hundred resources at once",
    async run(context) {
      const { redlock, clients } = await three(context);
      const keys = Array.from({ length: 100 }, (_, index) => context.key(String(index)));
      const locks = await Promise.all(keys.map((key) => redlock.lock(key, 5_000)));
      const during = new Set((await counts(clients, ...keys)).map(String));
      await Promise.all(locks.map((lock) => lock.extend(5_000)));
      await Promise.all(locks.map((lock) => lock.unlock()));
      return { during: [...during], after: [...new Set(await counts(clients, ...keys))] };
    },
  },
];
