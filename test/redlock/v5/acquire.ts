import { Cluster, type Redis } from "ioredis";
import { waitUntil } from "../../support/servers.js";
import { sharedCluster } from "../../support/shared-servers.js";
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
  type V5,
  type V5Case,
  votesOf,
} from "./api.js";
import { reasons } from "./intended-differences.js";

function cluster(context: V5): Cluster {
  const client = new Cluster(sharedCluster().ports.map((port) => ({ host: "127.0.0.1", port })));
  context.later(() => client.disconnect());
  return client;
}

/**
 * Whether the lock expires after the duration minus the drift: `factor` of the duration, and 2 ms for the resolution of
 * Redis.
 */
async function heldFor(
  duration: number,
  factor: number,
  give: () => Promise<{ readonly expiration: number }>,
): Promise<boolean> {
  const before = Date.now();
  const { expiration } = await give();
  const held = duration - duration * factor - 2;
  // 2 ms for rounding.
  return expiration >= before + held - 2 && expiration <= Date.now() + held + 2;
}

export const acquire: readonly V5Case[] = [
  {
    name: "acquire, extend, release, as the README has it",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients);
      let lock = await redlock.acquire([context.key()], 5_000);
      try {
        lock = await lock.extend(5_000);
        await everywhere(clients, context.key());
      } finally {
        await lock.release();
      }
      await gone(clients, context.key());
      return "no key is left";
    },
  },
  {
    name: "the members of a Lock",
    async run(context) {
      const { default: Redlock, Lock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      const lock = await redlock.acquire([context.key("a"), context.key("b")], 5_000);
      return {
        lock: lock instanceof Lock,
        redlock: lock.redlock === redlock,
        resources: lock.resources.map((resource) => context.plain(resource)),
        value: typeof lock.value,
        attempts: [Array.isArray(lock.attempts), lock.attempts.length, lock.attempts[0] instanceof Promise],
        expiration: lock.expiration > Date.now(),
      };
    },
  },
  {
    name: "lock.value is the value in Redis of each key",
    async run(context) {
      const { default: Redlock } = context.api;
      const [client] = (await context.clients(1)) as [Redis];
      const keys = [context.key("a"), context.key("b")];
      const lock = await new Redlock([client]).acquire(keys, 5_000);
      const values = await client.mget(keys);
      const left = await client.pttl(keys[0]!);
      return [values.map((value) => value === lock.value), left > 4_000 && left <= 5_000];
    },
  },
  {
    name: "the form of lock.value",
    async run(context) {
      const { default: Redlock } = context.api;
      const { value } = await new Redlock(await context.clients(1)).acquire([context.key()], 5_000);
      return /^[0-9a-f]{32}$/.test(value) ? "32 hex digits" : /^[^~]+~.{16,}$/.test(value) && "label~random";
    },
    differs: {
      original: "32 hex digits",
      ours: "label~random",
      why: "The value of a lock is `label~random` instead of 32 hexadecimal digits.",
    },
  },
  {
    name: "a lock that is logged as JSON",
    async run(context) {
      const { default: Redlock } = context.api;
      const lock = await new Redlock(await context.clients(1)).acquire([context.key()], 5_000);
      return context.outcome(
        (async () => Object.keys(JSON.parse(JSON.stringify(lock))).sort())(),
        (keys) => keys,
      );
    },
    differs: {
      original: { value: ["attempts", "expiration", "redlock", "resources", "value"] },
      ours: { value: ["expiration", "resources"] },
      why: "A lock that is logged or turned into JSON does not show its value: anybody who has the value can release the lock.",
    },
  },
  {
    name: "a lock has one holder at a time, and each waiter acquires it",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(3), {
        retryCount: -1,
        retryDelay: 10,
        retryJitter: 5,
      });
      let holders = 0;
      let most = 0;
      let turns = 0;
      const contend = async () => {
        const lock = await redlock.acquire([context.key()], 5_000);
        most = Math.max(most, ++holders);
        await Promise.resolve();
        turns += 1;
        holders -= 1;
        await lock.release();
      };
      await Promise.all([contend(), contend(), contend()]);
      return { most, turns };
    },
  },
  {
    name: "the same Redlock cannot acquire a held lock again",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1), once);
      const lock = await redlock.acquire([context.key()], 5_000);
      const again = await context.outcome(redlock.acquire([context.key()], 5_000));
      await lock.release();
      return { again, after: await context.outcome(redlock.acquire([context.key()], 5_000)) };
    },
  },
  {
    name: "a lock whose key was removed can be acquired again",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients, once);
      await redlock.acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      for (const client of clients) await client.del(context.key());
      return context.outcome(redlock.acquire([context.key()], 5_000));
    },
  },
  {
    name: "a key that is not a string counts as held",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      await clients[0]!.hset(context.key(), "field", "value");
      context.later(() => clients[0]!.del(context.key()));
      const error = await refusal(context, new Redlock(clients, once).acquire([context.key()], 5_000));
      return {
        votes: await votesOf(context, error.attempts, clients),
        type: await clients[0]!.type(context.key()),
      };
    },
  },
  {
    name: "several resources: all or none",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients, once);
      const held = await redlock.acquire([context.key("b")], 5_000);
      const both = [context.key("a"), context.key("b")];
      const error = await refusal(context, redlock.acquire(both, 5_000));
      await held.release();
      await gone(clients, context.key("a"));
      const lock = await redlock.acquire(both, 5_000);
      await lock.release();
      return { error: error.message, votes: await votesOf(context, error.attempts, clients) };
    },
  },
  {
    name: "several resources: each is held and each is released",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients, once);
      const lock = await redlock.acquire([context.key("a"), context.key("b"), context.key("c")], 5_000);
      const taken = [];
      for (const name of "abc")
        taken.push(await context.outcome(redlock.acquire([context.key(name)], 5_000)));
      await lock.release();
      for (const name of "abc") await gone(clients, context.key(name));
      return taken;
    },
  },
  {
    name: "one resource twice in the list",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1), once);
      return kind(
        redlock.acquire([context.key(), context.key()], 5_000).then((lock) => lock.release()),
        () => "acquired and released",
      );
    },
    differs: {
      original: "ExecutionError",
      ours: "acquired and released",
      why: "A resource that is named twice in one call counts once; the original locks it, but cannot release it.",
    },
  },
  {
    name: "no resource at all, or one without a name",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1, { keyPrefix: context.key() }), once);
      return [await kind(redlock.acquire([], 5_000)), await kind(redlock.acquire([""], 5_000))];
    },
    differs: {
      original: ["resolved", "resolved"],
      ours: ["InvalidOptionError", "InvalidOptionError"],
      why: "An empty list of resources, or an empty string in it, is refused with an `InvalidOptionError`; the original returns a lock of nothing.",
    },
  },
  {
    name: "lock.attempts: the clients that granted it",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(5);
      const lock = await new Redlock(clients).acquire([context.key()], 5_000);
      return votesOf(context, lock.attempts, clients);
    },
  },
  {
    name: "lock.attempts: known at once if every node has voted",
    async run(context) {
      const { default: Redlock } = context.api;
      const lock = await new Redlock(await context.clients(1)).acquire([context.key()], 5_000);
      return context.outcomeWithin(250, Promise.all(lock.attempts));
    },
  },
  {
    name: "lock.attempts: a minority held by another program does not prevent the lock",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(5);
      await setForeignKey(clients.slice(0, 2), context.key());
      const lock = await new Redlock(clients, once).acquire([context.key()], 5_000);
      const votes = await votesOf(context, lock.attempts, clients);
      await lock.release().catch(() => {});
      return { votes, setForeignKey: (await stored(clients, context.key())).slice(0, 2) };
    },
  },
  {
    name: "lock.attempts: one for each attempt that was needed",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const redlock = new Redlock(clients, { retryCount: -1, retryDelay: 20, retryJitter: 0 });
      await setForeignKey(clients, context.key());
      redlock.once("error", () => void clients[0]!.del(context.key()));
      const { attempts } = await redlock.acquire([context.key()], 5_000);
      const votes = await votesOf(context, attempts, clients);
      return { several: votes.length > 1, first: votes[0], last: votes.at(-1) };
    },
  },
  {
    name: "lock.attempts: a node that failed, with its error",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients, once);
      clients[1]!.disconnect();
      const lock = await redlock.acquire([context.key()], 5_000);
      const [votes] = await votesOf(context, lock.attempts, clients);
      const error = (await lock.attempts[0])?.votesAgainst.get(clients[1]!);
      return {
        for: votes?.for,
        locked: error instanceof context.api.ResourceLockedError,
        closed: /closed|not connected/i.test(error?.message ?? ""),
      };
    },
  },
  {
    name: "ExecutionError.attempts: a held lock",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients, once);
      await setForeignKey(clients, context.key());
      const error = await refusal(context, redlock.acquire([context.key()], 5_000));
      return {
        name: error.name,
        message: error.message,
        votes: await votesOf(context, error.attempts, clients),
      };
    },
  },
  {
    name: "ExecutionError.attempts: a majority held by another program, and nothing of ours left behind",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients, once);
      await setForeignKey(clients.slice(0, 2), context.key());
      const error = await refusal(context, redlock.acquire([context.key()], 5_000));
      await gone(clients.slice(2), context.key());
      return { error: error.message, votes: await votesOf(context, error.attempts, clients) };
    },
  },
  {
    name: "ExecutionError.attempts: a majority of nodes down",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients, once);
      for (const client of clients.slice(1)) client.disconnect();
      const error = await refusal(context, redlock.acquire([context.key()], 5_000));
      const [stats] = await Promise.all(error.attempts);
      await gone(clients.slice(0, 1), context.key());
      return {
        error: error.message,
        for: clients.map((client) => stats?.votesFor.has(client)),
        against: clients.map((client) =>
          /closed|not connected/i.test(stats?.votesAgainst.get(client)?.message ?? ""),
        ),
      };
    },
    differs: {
      original: {
        error: "The operation was unable to achieve a quorum during its retry window.",
        for: [true, false, false],
        against: [false, true, true],
      },
      ours: {
        error: "The operation was unable to achieve a quorum during its retry window.",
        for: [false, false, false],
        against: [false, true, true],
      },
      why: "A node whose vote cannot change the outcome any more is not asked, and votes neither way.",
    },
  },
  {
    name: "an even split of the nodes",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(2);
      await setForeignKey(clients.slice(0, 1), context.key());
      return context.outcomeWithin(500, new Redlock(clients).acquire([context.key()], 5_000, once));
    },
    differs: {
      original: "still pending",
      ours: {
        error: "ExecutionError",
        message: "The operation was unable to achieve a quorum during its retry window.",
      },
      why: "An even split of the nodes refuses the lock; in the original the promise never settles.",
    },
  },
  {
    name: "retryCount 0: one attempt",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      await setForeignKey(clients, context.key());
      const redlock = new Redlock(clients, { retryCount: 0, retryDelay: 60_000 });
      return (await refusal(context, redlock.acquire([context.key()], 5_000))).attempts.length;
    },
  },
  {
    name: "retryCount n: n attempts after the first",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      await setForeignKey(clients, context.key());
      const redlock = new Redlock(clients, { retryCount: 3, retryDelay: 5, retryJitter: 0 });
      const error = await refusal(context, redlock.acquire([context.key()], 5_000));
      return votesOf(context, error.attempts, clients);
    },
  },
  {
    name: "retryCount -1: attempts without end, until it is free",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const redlock = new Redlock(clients, { retryCount: -1, retryDelay: 5, retryJitter: 0 });
      let refusals = 0;
      redlock.on("error", () => {
        refusals += 1;
      });
      const held = await redlock.acquire([context.key()], 60_000);
      const waiting = redlock.acquire([context.key()], 5_000);
      // More than the default of retryCount allows.
      await waitUntil("there were 15 attempts", 5_000, () => refusals >= 15);
      await held.release();
      return context.outcome(waiting);
    },
  },
  {
    name: "retryDelay and retryJitter: no attempt comes earlier",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      await setForeignKey(clients, context.key());
      const redlock = new Redlock(clients, { retryCount: 4, retryDelay: 60, retryJitter: 20 });
      const times: number[] = [];
      redlock.on("error", () => void times.push(performance.now()));
      await refusal(context, redlock.acquire([context.key()], 5_000));
      // One time per attempt; the cleanup afterwards may add others.
      const gaps = times.slice(1, 5).map((time, index) => time - times[index]!);
      // 5 ms for the network.
      return { gaps: gaps.length, early: gaps.filter((gap) => gap < 60 - 20 - 5).length };
    },
  },
  {
    name: "acquire(resources, duration, settings): for this call only",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      await setForeignKey(clients, context.key());
      const redlock = new Redlock(clients, { retryCount: 1, retryDelay: 5, retryJitter: 0 });
      const attempts = async (settings?: object) =>
        (await refusal(context, redlock.acquire([context.key()], 5_000, settings))).attempts.length;
      return [await attempts({ retryCount: 3 }), await attempts(), await attempts({ retryDelay: 1 })];
    },
  },
  {
    name: "acquire with a setting that does not exist",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      const settings = { retrycount: 3 } as object;
      return kind(redlock.acquire([context.key()], 5_000, settings));
    },
    differs: {
      original: "resolved",
      ours: "InvalidOptionError",
      why: reasons.settings,
    },
  },
  {
    name: "driftFactor: taken off the expiration, of all calls or of one",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const [plain, drifting] = [new Redlock(clients), new Redlock(clients, { driftFactor: 0.2 })];
      return [
        await heldFor(10_000, 0.01, () => plain.acquire([context.key("a")], 10_000)),
        await heldFor(10_000, 0.2, () => drifting.acquire([context.key("b")], 10_000)),
        await heldFor(10_000, 0.5, () => drifting.acquire([context.key("c")], 10_000, { driftFactor: 0.5 })),
        await heldFor(10_000, 0, () => drifting.acquire([context.key("d")], 10_000, { driftFactor: 0 })),
      ];
    },
  },
  {
    name: "a lock expires with its duration",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients, { retryCount: -1, retryDelay: 10, retryJitter: 0 });
      const first = await redlock.acquire([context.key()], 250);
      const second = await redlock.acquire([context.key()], 5_000);
      return { expired: first.expiration < Date.now(), another: second.value !== first.value };
    },
  },
  {
    name: "a duration that is longer than a timer can be",
    async run(context) {
      const { default: Redlock } = context.api;
      const [client] = (await context.clients(1)) as [Redis];
      const month = 30 * 24 * 3_600_000;
      const lock = await new Redlock([client]).acquire([context.key()], month);
      const left = await client.pttl(context.key());
      const extended = await lock.extend(2 * month);
      return {
        left: left > month - 60_000,
        held: extended.expiration > Date.now() + month,
        release: await context.outcome(extended.release()),
      };
    },
  },
  {
    name: "a fractional duration is refused",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      return context.outcome(redlock.acquire([context.key()], 1_000.5));
    },
  },
  {
    name: "a duration that is not a number is refused",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      const outcomes = [];
      for (const duration of [Number.NaN, "1000" as unknown as number, undefined as unknown as number]) {
        outcomes.push(await context.outcome(redlock.acquire([context.key()], duration)));
      }
      return outcomes;
    },
  },
  {
    name: "a duration of 0, a negative or an infinite one",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1), once);
      const outcomes = [];
      for (const duration of [0, -1_000, Number.POSITIVE_INFINITY]) {
        outcomes.push(await kind(redlock.acquire([context.key()], duration)));
      }
      return outcomes;
    },
    differs: {
      original: ["ExecutionError", "ExecutionError", "ExecutionError"],
      ours: ["InvalidOptionError", "InvalidOptionError", "InvalidOptionError"],
      why: "A duration that is 0, negative or infinite is refused with an `InvalidOptionError` before anything is sent; in the original the nodes refuse it, attempt after attempt.",
    },
  },
  {
    name: "a duration that is not longer than the drift",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1), once);
      return kind(redlock.acquire([context.key()], 2), (lock) =>
        (lock as { expiration: number }).expiration <= Date.now() ? "a lock that is over" : "a lock",
      );
    },
    differs: {
      original: "a lock that is over",
      ours: "ExecutionError",
      why: reasons.tooLate,
    },
  },
  {
    name: "a grant that arrives after the duration",
    async run(context) {
      const { default: Redlock } = context.api;
      const servers = await context.ownServers(1);
      const redlock = new Redlock(await context.clientsOf(servers), once);
      // The first acquisition identifies the nodes, and may wait for that.
      await (await redlock.acquire([context.key()], 5_000)).release();
      await servers[0]!.call("CLIENT", "PAUSE", 400);
      return kind(redlock.acquire([context.key()], 200), (lock) =>
        (lock as { expiration: number }).expiration <= Date.now() ? "a lock that is over" : "a lock",
      );
    },
    differs: {
      original: "a lock that is over",
      ours: "ExecutionError",
      why: reasons.tooLate,
    },
  },
  {
    name: "a node that hangs",
    async run(context) {
      const { default: Redlock } = context.api;
      const servers = await context.ownServers(1);
      const redlock = new Redlock(await context.clientsOf(servers), once);
      await servers[0]!.suspend();
      return context.outcomeWithin(3_000, redlock.acquire([context.key()], 1_000));
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
    name: "a client that connects again",
    async run(context) {
      const { default: Redlock } = context.api;
      const [client] = (await context.clients(1)) as [Redis];
      const redlock = new Redlock([client]);
      await (await redlock.acquire([context.key()], 5_000)).release();
      client.disconnect(true);
      return context.outcome(redlock.acquire([context.key()], 5_000));
    },
  },
  {
    name: "nodes that were down are back at the next attempt: acquire",
    async run(context) {
      const { default: Redlock } = context.api;
      const [client] = (await context.clients(1)) as [Redis];
      const redlock = new Redlock([client], manyAttempts);
      await down(client);
      redlock.once("error", () => void client.connect());
      const lock = await redlock.acquire([context.key()], 5_000);
      return lock.attempts.length > 1;
    },
  },
  {
    name: "ExecutionError.attempts: nodes that are down are asked again",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients, { retryCount: 2, retryDelay: 5, retryJitter: 0 });
      for (const client of clients.slice(1)) client.disconnect();
      return (await refusal(context, redlock.acquire([context.key()], 5_000))).attempts.length;
    },
  },
  {
    name: "a minority of nodes that hang",
    async run(context) {
      const { default: Redlock } = context.api;
      const servers = await context.ownServers(3);
      const redlock = new Redlock(await context.clientsOf(servers), once);
      await servers[2]!.suspend();
      const lock = await redlock.acquire([context.key()], 1_000);
      return {
        attempts: lock.attempts.length,
        stats: await context.outcomeWithin(1_000, Promise.all(lock.attempts)),
      };
    },
    differs: {
      original: { attempts: 1, stats: "still pending" },
      ours: { attempts: 1, stats: { value: "resolved" } },
      why: reasons.hangs,
    },
  },
  {
    name: "a server that has lost its scripts",
    async run(context) {
      const { default: Redlock } = context.api;
      const servers = await context.ownServers(1);
      const redlock = new Redlock(await context.clientsOf(servers), once);
      await (await redlock.acquire([context.key()], 5_000)).release();
      await servers[0]!.call("SCRIPT", "FLUSH");
      const lock = await redlock.acquire([context.key()], 5_000);
      await servers[0]!.call("SCRIPT", "FLUSH");
      const extended = await lock.extend(5_000);
      await servers[0]!.call("SCRIPT", "FLUSH");
      return context.outcome(extended.release());
    },
  },
  {
    name: "a Cluster as one node, with a hash tag in the resources",
    async run(context) {
      const { default: Redlock } = context.api;
      const client = cluster(context);
      const redlock = new Redlock([client], once);
      const keys = [context.key("{tag}:a"), context.key("{tag}:b")];
      const lock = await redlock.acquire(keys, 5_000);
      const held = (await client.get(keys[1]!)) === lock.value;
      const refused = await context.outcome(redlock.acquire(keys.slice(1), 5_000));
      await (await lock.extend(5_000)).release();
      return { held, refused, left: await client.exists(keys[1]!) };
    },
  },
  {
    name: "a Cluster and resources of several slots",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock([cluster(context)], once);
      return kind(redlock.acquire([context.key("{1}"), context.key("{2}")], 5_000));
    },
    differs: {
      original: "ExecutionError",
      ours: "InvalidOptionError",
      why: "Resources of several hash slots of a Cluster are refused with an `InvalidOptionError` that mentions hash tags; in the original it is an `ExecutionError`.",
    },
  },
];
