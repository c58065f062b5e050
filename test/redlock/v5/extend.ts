import type { Redis } from "ioredis";
import { waitUntil } from "../../support/servers.js";
import {
  down,
  everywhere,
  gone,
  kind,
  manyAttempts,
  once,
  refusal,
  setForeignKey,
  stored,
  type V5Case,
  votesOf,
} from "./api.js";
import { reasons } from "./intended-differences.js";

const forgotten = [
  {
    membershipSize: 3,
    quorumSize: 2,
    for: [0, 1],
    against: ["2: ResourceLockedError: The operation was applied to: 0 of the 1 requested resources."],
  },
];

export const extend: readonly V5Case[] = [
  {
    name: "lock.extend(duration): a new lock of the same value, and the old one is over",
    async run(context) {
      const { default: Redlock, Lock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients);
      const lock = await redlock.acquire([context.key()], 1_000);
      await everywhere(clients, context.key());
      const { expiration } = lock;
      const extended = await lock.extend(10_000);
      const left = await clients[0]!.pttl(context.key());
      return {
        lock: extended instanceof Lock && extended !== lock,
        same: [
          extended.value === lock.value,
          extended.redlock === redlock,
          extended.resources.map((resource) => context.plain(resource)),
        ],
        later: extended.expiration > expiration + 8_000,
        left: left > 9_000 && left <= 10_000,
        old: lock.expiration,
        votes: await votesOf(context, extended.attempts, clients),
      };
    },
  },
  {
    name: "redlock.extend(lock, duration, settings)",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const redlock = new Redlock(clients);
      const lock = await redlock.acquire([context.key()], 1_000);
      const before = Date.now();
      const extended = await redlock.extend(lock, 10_000, { driftFactor: 0.5, retryCount: 0 });
      const held = extended.expiration - 5_000 + 2;
      return {
        drift: held >= before - 2 && held <= Date.now() + 2,
        old: lock.expiration,
        votes: await votesOf(context, extended.attempts, clients),
      };
    },
  },
  {
    name: "extending again and again, and the last is released",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      let lock = await new Redlock(clients).acquire([context.key("a"), context.key("b")], 1_000);
      for (let turn = 0; turn < 3; turn += 1) lock = await lock.extend(1_000 + turn * 1_000);
      await lock.release();
      await gone(clients, context.key("a"));
      await gone(clients, context.key("b"));
      return "no key is left";
    },
  },
  {
    name: "extending a lock that was extended already: the old one is over",
    async run(context) {
      const { default: Redlock } = context.api;
      const lock = await new Redlock(await context.clients(1)).acquire([context.key()], 5_000);
      await lock.extend(5_000);
      return context.outcome(lock.extend(5_000));
    },
  },
  {
    name: "two extensions at the same time",
    async run(context) {
      const { default: Redlock } = context.api;
      const [client] = (await context.clients(1)) as [Redis];
      const lock = await new Redlock([client], once).acquire([context.key()], 5_000);
      const both = await Promise.all([lock.extend(20_000), lock.extend(30_000)]);
      const left = await client.pttl(context.key());
      await both[0].release();
      return { left: left > 25_000, stored: await stored([client], context.key()) };
    },
  },
  {
    name: "a release while an extension is under way",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const lock = await new Redlock(clients, once).acquire([context.key()], 5_000);
      const [extension, release] = [kind(lock.extend(20_000)), kind(lock.release())];
      return {
        extension: await extension,
        release: await release,
        stored: await stored(clients, context.key()),
      };
    },
    differs: {
      original: { extension: "resolved", release: "resolved", stored: [null] },
      ours: { extension: "ExecutionError", release: "resolved", stored: [null] },
      why: "An extension that is under way when its lock is released fails; the original returns a lock that is already released.",
    },
  },
  {
    name: "releasing the lock of before the extension releases it",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const lock = await new Redlock(clients, once).acquire([context.key()], 5_000);
      await lock.extend(5_000);
      return { outcome: await context.outcome(lock.release()), stored: await stored(clients, context.key()) };
    },
  },
  {
    name: "an extension by less than the remaining duration",
    async run(context) {
      const { default: Redlock } = context.api;
      const [client] = (await context.clients(1)) as [Redis];
      const lock = await new Redlock([client]).acquire([context.key()], 60_000);
      const extended = await lock.extend(1_000);
      const left = await client.pttl(context.key());
      return {
        key: left > 1_000 ? "as before" : "shortened",
        expiration: extended.expiration > Date.now() + 1_000 ? "as before" : "shortened",
      };
    },
    differs: {
      original: { key: "shortened", expiration: "shortened" },
      ours: { key: "as before", expiration: "as before" },
      why: "An extension never shortens a lock: the nodes keep what they have already granted.",
    },
  },
  {
    name: "extending an expired lock",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const lock = await new Redlock(clients, once).acquire([context.key()], 250);
      await gone(clients, context.key());
      const error = await refusal(context, lock.extend(5_000));
      return { name: error.name, message: error.message, attempts: error.attempts };
    },
  },
  {
    name: "extending a released lock",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1), once);
      const lock = await redlock.acquire([context.key()], 5_000);
      await lock.release();
      return context.outcome(lock.extend(5_000));
    },
  },
  {
    name: "extending a lock whose key vanished",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const lock = await new Redlock(clients, once).acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      for (const client of clients) await client.del(context.key());
      const error = await refusal(context, lock.extend(5_000));
      return {
        message: error.message,
        votes: await votesOf(context, error.attempts, clients),
        stored: await stored(clients, context.key()),
      };
    },
  },
  {
    name: "extending a lock that another program has acquired meanwhile",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const lock = await new Redlock(clients, once).acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      await setForeignKey(clients, context.key());
      const error = await refusal(context, lock.extend(5_000));
      return {
        message: error.message,
        votes: await votesOf(context, error.attempts, clients),
        stored: await stored(clients, context.key()),
      };
    },
  },
  {
    name: "extending a lock that another program has acquired meanwhile, with retries",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients, { retryCount: 2, retryDelay: 5, retryJitter: 0 });
      const lock = await redlock.acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      await setForeignKey(clients, context.key());
      return (await refusal(context, lock.extend(5_000))).attempts.length;
    },
    differs: {
      original: 3,
      ours: 1,
      why: "An extension is not retried once a quorum of nodes has reported that the lock is lost.",
    },
  },
  {
    name: "nodes that were down are back at the next attempt: extend",
    async run(context) {
      const { default: Redlock } = context.api;
      const [client] = (await context.clients(1)) as [Redis];
      const redlock = new Redlock([client], manyAttempts);
      const lock = await redlock.acquire([context.key()], 10_000);
      await down(client);
      redlock.once("error", () => void client.connect());
      const extended = await lock.extend(30_000);
      return [extended.attempts.length > 1, (await client.pttl(context.key())) > 20_000];
    },
  },
  {
    name: "extending while a majority of nodes is down, with retries",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients, { retryCount: 2, retryDelay: 5, retryJitter: 0 });
      const lock = await redlock.acquire([context.key()], 5_000);
      for (const client of clients.slice(1)) client.disconnect();
      return (await refusal(context, lock.extend(5_000))).attempts.length;
    },
  },
  {
    name: "extending a lock that a minority has lost: it is extended",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const lock = await new Redlock(clients, once).acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      await clients[2]!.del(context.key());
      const extended = await lock.extend(10_000);
      return extended.expiration > Date.now() + 5_000;
    },
  },
  {
    name: "extending a lock that a minority has lost: the keys of that minority",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const lock = await new Redlock(clients, once).acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      await clients[2]!.del(context.key());
      const extended = await lock.extend(10_000);
      const back = waitUntil(
        "it is back",
        300,
        async () => (await clients[2]!.get(context.key())) === lock.value,
      );
      const again = await back.then(
        () => true,
        () => false,
      );
      return { votes: await votesOf(context, extended.attempts, clients), again };
    },
    differs: {
      original: { votes: forgotten, again: false },
      ours: { votes: forgotten, again: true },
      why: "An extension restores the lock on a minority of nodes that forgot it.",
    },
  },
  {
    name: "extending several resources of which one vanished",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const lock = await new Redlock(clients, once).acquire([context.key("a"), context.key("b")], 5_000);
      await clients[0]!.del(context.key("b"));
      return context.outcome(lock.extend(10_000));
    },
  },
  {
    name: "extending while a majority of nodes is down",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const lock = await new Redlock(clients, once).acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      for (const client of clients.slice(1)) client.disconnect();
      const error = await refusal(context, lock.extend(10_000));
      const [stats] = await Promise.all(error.attempts);
      return {
        message: error.message,
        for: clients.map((client) => stats?.votesFor.has(client)),
        still: lock.expiration > Date.now(),
      };
    },
  },
  {
    name: "an extension that failed leaves the lock as it was, and it can be tried again",
    async run(context) {
      const { default: Redlock } = context.api;
      const servers = await context.ownServers(1);
      const [client] = (await context.clientsOf(servers)) as [Redis];
      const lock = await new Redlock([client], once).acquire([context.key()], 30_000);
      await servers[0]!.call("CONFIG", "SET", "min-replicas-to-write", 1);
      const first = await context.outcome(lock.extend(60_000));
      const still = lock.expiration > Date.now();
      await servers[0]!.call("CONFIG", "SET", "min-replicas-to-write", 0);
      const again = await context.outcome(lock.extend(60_000), (extended) => extended !== lock);
      return { first, still, again, left: (await client.pttl(context.key())) > 30_000 };
    },
  },
  {
    name: "extending by a fraction is refused",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      const lock = await redlock.acquire([context.key()], 5_000);
      return {
        outcome: await context.outcome(lock.extend(1_000.5)),
        still: lock.expiration > Date.now(),
      };
    },
  },
  {
    name: "extending while the node hangs",
    async run(context) {
      const { default: Redlock } = context.api;
      const servers = await context.ownServers(1);
      const redlock = new Redlock(await context.clientsOf(servers), once);
      const lock = await redlock.acquire([context.key()], 1_000);
      await servers[0]!.suspend();
      return context.outcomeWithin(3_000, lock.extend(1_000));
    },
    differs: {
      original: "still pending",
      ours: {
        error: "ExecutionError",
        message: "The operation was unable to achieve a quorum during its retry window.",
      },
      why: reasons.hangs,
    },
  },
  {
    name: "a lock made by hand, of a value that another process acquired, is extended",
    async run(context) {
      const { default: Redlock, Lock } = context.api;
      const clients = await context.clients(3);
      const { value, expiration } = await new Redlock(await context.clients(3)).acquire(
        [context.key()],
        5_000,
      );
      await everywhere(clients, context.key());
      const lock = new Lock(new Redlock(clients), [context.key()], value, [], expiration);
      const extended = await lock.extend(30_000);
      const votes = await votesOf(context, extended.attempts, clients);
      const left = await clients[0]!.pttl(context.key());
      await extended.release();
      return { votes, old: lock.expiration, same: extended.value === value, left: left > 25_000 };
    },
  },
  {
    name: "a lock made by hand whose expiration is over cannot be extended",
    async run(context) {
      const { default: Redlock, Lock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      const { value } = await redlock.acquire([context.key()], 5_000);
      const lock = new Lock(redlock, [context.key()], value, [], Date.now() - 1);
      return context.outcome(lock.extend(5_000));
    },
  },
  {
    name: "a lock made by hand with a value that holds nothing cannot be extended",
    async run(context) {
      const { default: Redlock, Lock } = context.api;
      const redlock = new Redlock(await context.clients(1), once);
      const lock = new Lock(redlock, [context.key()], "nobody's", [], Date.now() + 5_000);
      return context.outcome(lock.extend(5_000));
    },
  },
];
