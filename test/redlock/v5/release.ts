import type { Redis } from "ioredis";
import {
  down,
  everywhere,
  gone,
  manyAttempts,
  noQuorumOutcome,
  once,
  setForeignKey,
  stored,
  type V5,
  type V5Case,
  votesOf,
} from "./api.js";
import { reasons } from "./intended-differences.js";

/** The votes of a release that resolved. */
async function released(
  context: V5,
  release: Promise<{ readonly attempts: Parameters<typeof votesOf>[1] }>,
  clients: Parameters<typeof votesOf>[2],
) {
  return votesOf(context, (await release).attempts, clients);
}

export const release: readonly V5Case[] = [
  {
    name: "lock.release(): the attempts, and the expiration is 0",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const lock = await new Redlock(clients).acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      const result = await lock.release();
      return {
        own: Object.keys(result),
        votes: await votesOf(context, result.attempts, clients),
        expiration: lock.expiration,
        stored: await stored(clients, context.key()),
      };
    },
  },
  {
    name: "redlock.release(lock)",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients);
      const lock = await redlock.acquire([context.key("a"), context.key("b")], 5_000);
      await everywhere(clients, context.key("b"));
      const votes = await released(context, redlock.release(lock), clients);
      return { votes, expiration: lock.expiration, stored: await stored(clients, context.key("b")) };
    },
  },
  {
    name: "redlock.release(lock, settings)",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const redlock = new Redlock(clients);
      const lock = await redlock.acquire([context.key()], 5_000);
      return released(context, redlock.release(lock, { retryCount: 2, retryDelay: 5 }), clients);
    },
  },
  {
    name: "another Redlock on the same servers may release the lock",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const lock = await new Redlock(await context.clients(3)).acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      const votes = await released(context, new Redlock(clients).release(lock), clients);
      return { votes, stored: await stored(clients, context.key()) };
    },
  },
  {
    name: "releasing a lock that another program has acquired meanwhile keeps that lock",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const lock = await new Redlock(clients, once).acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      await setForeignKey(clients, context.key());
      await lock.release().catch(() => {});
      return stored(clients, context.key());
    },
  },
  {
    name: "releasing a lock that another program has acquired meanwhile",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const lock = await new Redlock(clients, once).acquire([context.key()], 5_000);
      await setForeignKey(clients, context.key());
      return context.outcome(lock.release());
    },
    differs: {
      original: noQuorumOutcome,
      ours: { value: "resolved" },
      why: reasons.nothingToRelease,
    },
  },
  {
    name: "releasing an expired lock",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const lock = await new Redlock(clients, once).acquire([context.key()], 250);
      await gone(clients, context.key());
      return context.outcome(lock.release());
    },
    differs: {
      original: noQuorumOutcome,
      ours: { value: "resolved" },
      why: reasons.nothingToRelease,
    },
  },
  {
    name: "releasing a lock twice",
    async run(context) {
      const { default: Redlock } = context.api;
      const lock = await new Redlock(await context.clients(1), once).acquire([context.key()], 5_000);
      await lock.release();
      return context.outcome(lock.release());
    },
    differs: {
      original: noQuorumOutcome,
      ours: { value: "resolved" },
      why: reasons.nothingToRelease,
    },
  },
  {
    name: "releasing a lock whose key vanished",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const lock = await new Redlock(clients, once).acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      for (const client of clients) await client.del(context.key());
      return context.outcome(lock.release(), () => "resolved");
    },
    differs: {
      original: noQuorumOutcome,
      ours: { value: "resolved" },
      why: reasons.nothingToRelease,
    },
  },
  {
    name: "releasing a lock that a minority has lost",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const lock = await new Redlock(clients, once).acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      await clients[0]!.del(context.key());
      return released(context, lock.release(), clients);
    },
  },
  {
    name: "releasing while a minority of nodes is down",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const lock = await new Redlock(clients, once).acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      clients[2]!.disconnect();
      const [stats] = await Promise.all((await lock.release()).attempts);
      return {
        for: clients.map((client) => stats?.votesFor.has(client)),
        against: clients.map((client) => stats?.votesAgainst.has(client)),
        stored: await stored(clients.slice(0, 2), context.key()),
      };
    },
  },
  {
    name: "releasing while a majority of nodes is down",
    async run(context) {
      const { default: Redlock, ExecutionError } = context.api;
      const clients = await context.clients(3);
      const lock = await new Redlock(clients, once).acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      for (const client of clients.slice(1)) client.disconnect();
      const release = lock.release();
      return {
        outcome: await context.outcome(release),
        known: await release.catch((error) => error instanceof ExecutionError && error.attempts.length),
        expiration: lock.expiration,
      };
    },
  },
  {
    name: "nodes that were down are back at the next attempt: release",
    async run(context) {
      const { default: Redlock } = context.api;
      const [client] = (await context.clients(1)) as [Redis];
      const redlock = new Redlock([client], once);
      const lock = await redlock.acquire([context.key()], 5_000);
      await down(client);
      redlock.once("error", () => void client.connect());
      const outcome = await context.outcome(redlock.release(lock, manyAttempts));
      await gone(await context.clients(1), context.key());
      return outcome;
    },
  },
  {
    name: "releasing while the node hangs",
    async run(context) {
      const { default: Redlock } = context.api;
      const servers = await context.ownServers(1);
      const redlock = new Redlock(await context.clientsOf(servers), once);
      const lock = await redlock.acquire([context.key()], 1_000);
      await servers[0]!.suspend();
      return context.outcomeWithin(3_000, lock.release());
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
    name: "a lock made by hand, of a value that another process acquired, is released",
    async run(context) {
      const { default: Redlock, Lock } = context.api;
      const clients = await context.clients(3);
      const { value, expiration } = await new Redlock(await context.clients(3)).acquire(
        [context.key()],
        5_000,
      );
      await everywhere(clients, context.key());
      const lock = new Lock(new Redlock(clients), [context.key()], value, [], expiration);
      const votes = await released(context, lock.release(), clients);
      return { votes, expiration: lock.expiration, stored: await stored(clients, context.key()) };
    },
  },
  {
    name: "a plain object with a lock's properties is extended and released",
    async run(context) {
      const { default: Redlock, Lock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients);
      const { resources, value, expiration } = await redlock.acquire([context.key()], 5_000);
      type Plain = InstanceType<typeof Lock>;
      const extended = await redlock.extend({ resources, value, expiration } as Plain, 30_000);
      await everywhere(clients, context.key());
      const left = await clients[0]!.pttl(context.key());
      await redlock.release({ resources, value } as Plain);
      await gone(clients, context.key());
      return { left: left > 25_000, lock: extended instanceof Lock };
    },
  },
  {
    name: "a lock made by hand has the given properties",
    async run(context) {
      const { default: Redlock, Lock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      const lock = new Lock(redlock, ["a", "b"], "value", [], 12_345);
      const { resources, value, attempts, expiration } = lock;
      return { resources, value, attempts, expiration, redlock: lock.redlock === redlock };
    },
  },
];
