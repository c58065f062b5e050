import { Cluster, type Redis } from "ioredis";
import { waitUntil } from "../../support/servers.js";
import { sharedCluster } from "../../support/shared-servers.js";
import {
  down,
  everywhere,
  foreign,
  gone,
  kind,
  once,
  patient,
  refusal,
  stored,
  type V5,
  type V5Case,
  votesOf,
} from "./face.js";
import { meant } from "./meant.js";

function cluster(scene: V5): Cluster {
  const client = new Cluster(sharedCluster().ports.map((port) => ({ host: "127.0.0.1", port })));
  scene.later(() => client.disconnect());
  return client;
}

/** Whether the lock is held until `factor` of the duration is over, less the 2 ms for the resolution of Redis. */
async function heldFor(
  duration: number,
  factor: number,
  give: () => Promise<{ readonly expiration: number }>,
): Promise<boolean> {
  const before = Date.now();
  const { expiration } = await give();
  const held = duration - duration * factor - 2;
  // 2 ms: rounding.
  return expiration >= before + held - 2 && expiration <= Date.now() + held + 2;
}

export const acquire: readonly V5Case[] = [
  {
    name: "acquire, extend, release, as the README has it",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients);
      let lock = await redlock.acquire([scene.key()], 5_000);
      try {
        lock = await lock.extend(5_000);
        await everywhere(clients, scene.key());
      } finally {
        await lock.release();
      }
      await gone(clients, scene.key());
      return "no key is left";
    },
  },
  {
    name: "the members of a Lock",
    async run(scene) {
      const { default: Redlock, Lock } = scene.face;
      const redlock = new Redlock(await scene.clients(1));
      const lock = await redlock.acquire([scene.key("a"), scene.key("b")], 5_000);
      return {
        lock: lock instanceof Lock,
        redlock: lock.redlock === redlock,
        resources: lock.resources.map((resource) => scene.plain(resource)),
        value: typeof lock.value,
        attempts: [Array.isArray(lock.attempts), lock.attempts.length, lock.attempts[0] instanceof Promise],
        expiration: lock.expiration > Date.now(),
      };
    },
  },
  {
    name: "lock.value is what stands in Redis under each key",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const [client] = (await scene.clients(1)) as [Redis];
      const keys = [scene.key("a"), scene.key("b")];
      const lock = await new Redlock([client]).acquire(keys, 5_000);
      const values = await client.mget(keys);
      const left = await client.pttl(keys[0]!);
      return [values.map((value) => value === lock.value), left > 4_000 && left <= 5_000];
    },
  },
  {
    name: "lock.value looks like this",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const { value } = await new Redlock(await scene.clients(1)).acquire([scene.key()], 5_000);
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
    async run(scene) {
      const { default: Redlock } = scene.face;
      const lock = await new Redlock(await scene.clients(1)).acquire([scene.key()], 5_000);
      return scene.outcome(
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
    name: "a lock is held by one at a time, and each waiter gets it",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock(await scene.clients(3), { retryCount: -1, retryDelay: 10, retryJitter: 5 });
      let holders = 0;
      let most = 0;
      let turns = 0;
      const contend = async () => {
        const lock = await redlock.acquire([scene.key()], 5_000);
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
    name: "the same Redlock does not get a held lock again",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock(await scene.clients(1), once);
      const lock = await redlock.acquire([scene.key()], 5_000);
      const again = await scene.outcome(redlock.acquire([scene.key()], 5_000));
      await lock.release();
      return { again, after: await scene.outcome(redlock.acquire([scene.key()], 5_000)) };
    },
  },
  {
    name: "a lock whose key somebody removed can be had again",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients, once);
      await redlock.acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      for (const client of clients) await client.del(scene.key());
      return scene.outcome(redlock.acquire([scene.key()], 5_000));
    },
  },
  {
    name: "a key that is no string is held by somebody",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      await clients[0]!.hset(scene.key(), "field", "value");
      scene.later(() => clients[0]!.del(scene.key()));
      const error = await refusal(scene, new Redlock(clients, once).acquire([scene.key()], 5_000));
      return {
        votes: await votesOf(scene, error.attempts, clients),
        type: await clients[0]!.type(scene.key()),
      };
    },
  },
  {
    name: "several resources: all or none",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients, once);
      const held = await redlock.acquire([scene.key("b")], 5_000);
      const both = [scene.key("a"), scene.key("b")];
      const error = await refusal(scene, redlock.acquire(both, 5_000));
      await held.release();
      await gone(clients, scene.key("a"));
      const lock = await redlock.acquire(both, 5_000);
      await lock.release();
      return { error: error.message, votes: await votesOf(scene, error.attempts, clients) };
    },
  },
  {
    name: "several resources: each is held and each is given back",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients, once);
      const lock = await redlock.acquire([scene.key("a"), scene.key("b"), scene.key("c")], 5_000);
      const taken = [];
      for (const name of "abc") taken.push(await scene.outcome(redlock.acquire([scene.key(name)], 5_000)));
      await lock.release();
      for (const name of "abc") await gone(clients, scene.key(name));
      return taken;
    },
  },
  {
    name: "one resource twice in the list",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock(await scene.clients(1), once);
      return kind(
        redlock.acquire([scene.key(), scene.key()], 5_000).then((lock) => lock.release()),
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
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock(await scene.clients(1, { keyPrefix: scene.key() }), once);
      return [await kind(redlock.acquire([], 5_000)), await kind(redlock.acquire([""], 5_000))];
    },
    differs: {
      original: ["resolved", "resolved"],
      ours: ["InvalidOptionError", "InvalidOptionError"],
      why: "An empty list of resources, or an empty string in it, is refused with an `InvalidOptionError`; the original returns a lock of nothing.",
    },
  },
  {
    name: "lock.attempts: who granted it",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(5);
      const lock = await new Redlock(clients).acquire([scene.key()], 5_000);
      return votesOf(scene, lock.attempts, clients);
    },
  },
  {
    name: "lock.attempts: known at once where every node has voted",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const lock = await new Redlock(await scene.clients(1)).acquire([scene.key()], 5_000);
      return scene.outcomeWithin(250, Promise.all(lock.attempts));
    },
  },
  {
    name: "lock.attempts: a minority held by somebody else does not keep it from us",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(5);
      await foreign(clients.slice(0, 2), scene.key());
      const lock = await new Redlock(clients, once).acquire([scene.key()], 5_000);
      const votes = await votesOf(scene, lock.attempts, clients);
      await lock.release().catch(() => {});
      return { votes, foreign: (await stored(clients, scene.key())).slice(0, 2) };
    },
  },
  {
    name: "lock.attempts: one for each attempt that was needed",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const redlock = new Redlock(clients, { retryCount: -1, retryDelay: 20, retryJitter: 0 });
      await foreign(clients, scene.key());
      redlock.once("error", () => void clients[0]!.del(scene.key()));
      const { attempts } = await redlock.acquire([scene.key()], 5_000);
      const votes = await votesOf(scene, attempts, clients);
      return { several: votes.length > 1, first: votes[0], last: votes.at(-1) };
    },
  },
  {
    name: "lock.attempts: a node that failed, with its error",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients, once);
      clients[1]!.disconnect();
      const lock = await redlock.acquire([scene.key()], 5_000);
      const [votes] = await votesOf(scene, lock.attempts, clients);
      const error = (await lock.attempts[0])?.votesAgainst.get(clients[1]!);
      return {
        for: votes?.for,
        locked: error instanceof scene.face.ResourceLockedError,
        closed: /closed|not connected/i.test(error?.message ?? ""),
      };
    },
  },
  {
    name: "ExecutionError.attempts: a held lock",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients, once);
      await foreign(clients, scene.key());
      const error = await refusal(scene, redlock.acquire([scene.key()], 5_000));
      return {
        name: error.name,
        message: error.message,
        votes: await votesOf(scene, error.attempts, clients),
      };
    },
  },
  {
    name: "ExecutionError.attempts: a majority held by somebody else, and nothing of ours left behind",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients, once);
      await foreign(clients.slice(0, 2), scene.key());
      const error = await refusal(scene, redlock.acquire([scene.key()], 5_000));
      await gone(clients.slice(2), scene.key());
      return { error: error.message, votes: await votesOf(scene, error.attempts, clients) };
    },
  },
  {
    name: "ExecutionError.attempts: a majority of nodes down",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients, once);
      for (const client of clients.slice(1)) client.disconnect();
      const error = await refusal(scene, redlock.acquire([scene.key()], 5_000));
      const [stats] = await Promise.all(error.attempts);
      await gone(clients.slice(0, 1), scene.key());
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
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(2);
      await foreign(clients.slice(0, 1), scene.key());
      return scene.outcomeWithin(500, new Redlock(clients).acquire([scene.key()], 5_000, once));
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
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      await foreign(clients, scene.key());
      const redlock = new Redlock(clients, { retryCount: 0, retryDelay: 60_000 });
      return (await refusal(scene, redlock.acquire([scene.key()], 5_000))).attempts.length;
    },
  },
  {
    name: "retryCount n: n attempts after the first",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      await foreign(clients, scene.key());
      const redlock = new Redlock(clients, { retryCount: 3, retryDelay: 5, retryJitter: 0 });
      const error = await refusal(scene, redlock.acquire([scene.key()], 5_000));
      return votesOf(scene, error.attempts, clients);
    },
  },
  {
    name: "retryCount -1: attempts without end, until it is free",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const redlock = new Redlock(clients, { retryCount: -1, retryDelay: 5, retryJitter: 0 });
      let refusals = 0;
      redlock.on("error", () => {
        refusals += 1;
      });
      const held = await redlock.acquire([scene.key()], 60_000);
      const waiting = redlock.acquire([scene.key()], 5_000);
      // More than the default of retryCount allows.
      await waitUntil("there were 15 attempts", 5_000, () => refusals >= 15);
      await held.release();
      return scene.outcome(waiting);
    },
  },
  {
    name: "retryDelay and retryJitter: no attempt comes earlier",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      await foreign(clients, scene.key());
      const redlock = new Redlock(clients, { retryCount: 4, retryDelay: 60, retryJitter: 20 });
      const times: number[] = [];
      redlock.on("error", () => void times.push(performance.now()));
      await refusal(scene, redlock.acquire([scene.key()], 5_000));
      // One of each attempt; the clean-up afterwards may have its own.
      const gaps = times.slice(1, 5).map((time, index) => time - times[index]!);
      // 5 ms: the way of an answer.
      return { gaps: gaps.length, early: gaps.filter((gap) => gap < 60 - 20 - 5).length };
    },
  },
  {
    name: "acquire(resources, duration, settings): for this call only",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      await foreign(clients, scene.key());
      const redlock = new Redlock(clients, { retryCount: 1, retryDelay: 5, retryJitter: 0 });
      const attempts = async (settings?: object) =>
        (await refusal(scene, redlock.acquire([scene.key()], 5_000, settings))).attempts.length;
      return [await attempts({ retryCount: 3 }), await attempts(), await attempts({ retryDelay: 1 })];
    },
  },
  {
    name: "acquire with a setting that does not exist",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock(await scene.clients(1));
      const settings = { retrycount: 3 } as object;
      return kind(redlock.acquire([scene.key()], 5_000, settings));
    },
    differs: {
      original: "resolved",
      ours: "InvalidOptionError",
      why: meant.settings,
    },
  },
  {
    name: "driftFactor: taken off the expiration, of all calls or of one",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const [plain, drifting] = [new Redlock(clients), new Redlock(clients, { driftFactor: 0.2 })];
      return [
        await heldFor(10_000, 0.01, () => plain.acquire([scene.key("a")], 10_000)),
        await heldFor(10_000, 0.2, () => drifting.acquire([scene.key("b")], 10_000)),
        await heldFor(10_000, 0.5, () => drifting.acquire([scene.key("c")], 10_000, { driftFactor: 0.5 })),
        await heldFor(10_000, 0, () => drifting.acquire([scene.key("d")], 10_000, { driftFactor: 0 })),
      ];
    },
  },
  {
    name: "a lock expires with its duration",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients, { retryCount: -1, retryDelay: 10, retryJitter: 0 });
      const first = await redlock.acquire([scene.key()], 250);
      const second = await redlock.acquire([scene.key()], 5_000);
      return { expired: first.expiration < Date.now(), another: second.value !== first.value };
    },
  },
  {
    name: "a duration that is longer than a timer can be",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const [client] = (await scene.clients(1)) as [Redis];
      const month = 30 * 24 * 3_600_000;
      const lock = await new Redlock([client]).acquire([scene.key()], month);
      const left = await client.pttl(scene.key());
      const extended = await lock.extend(2 * month);
      return {
        left: left > month - 60_000,
        held: extended.expiration > Date.now() + month,
        release: await scene.outcome(extended.release()),
      };
    },
  },
  {
    name: "a fractional duration is refused",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock(await scene.clients(1));
      return scene.outcome(redlock.acquire([scene.key()], 1_000.5));
    },
  },
  {
    name: "a duration that is no number is refused",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock(await scene.clients(1));
      const outcomes = [];
      for (const duration of [Number.NaN, "1000" as unknown as number, undefined as unknown as number]) {
        outcomes.push(await scene.outcome(redlock.acquire([scene.key()], duration)));
      }
      return outcomes;
    },
  },
  {
    name: "a duration of 0, below it, or without end",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock(await scene.clients(1), once);
      const outcomes = [];
      for (const duration of [0, -1_000, Number.POSITIVE_INFINITY]) {
        outcomes.push(await kind(redlock.acquire([scene.key()], duration)));
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
    name: "a duration that the drift uses up",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock(await scene.clients(1), once);
      return kind(redlock.acquire([scene.key()], 2), (lock) =>
        (lock as { expiration: number }).expiration <= Date.now() ? "a lock that is over" : "a lock",
      );
    },
    differs: {
      original: "a lock that is over",
      ours: "ExecutionError",
      why: meant.tooLate,
    },
  },
  {
    name: "a grant that comes after the duration is over",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const servers = await scene.ownServers(1);
      const redlock = new Redlock(await scene.clientsOf(servers), once);
      // The first acquisition makes sure who the nodes are, and may wait for that.
      await (await redlock.acquire([scene.key()], 5_000)).release();
      await servers[0]!.call("CLIENT", "PAUSE", 400);
      return kind(redlock.acquire([scene.key()], 200), (lock) =>
        (lock as { expiration: number }).expiration <= Date.now() ? "a lock that is over" : "a lock",
      );
    },
    differs: {
      original: "a lock that is over",
      ours: "ExecutionError",
      why: meant.tooLate,
    },
  },
  {
    name: "a node that hangs",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const servers = await scene.ownServers(1);
      const redlock = new Redlock(await scene.clientsOf(servers), once);
      await servers[0]!.suspend();
      return scene.outcomeWithin(3_000, redlock.acquire([scene.key()], 1_000));
    },
    differs: {
      original: "still pending",
      ours: {
        error: "ExecutionError",
        message: "The operation was unable to achieve a quorum during its retry window.",
      },
      why: meant.hangs,
    },
  },
  {
    name: "a client that connects again",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const [client] = (await scene.clients(1)) as [Redis];
      const redlock = new Redlock([client]);
      await (await redlock.acquire([scene.key()], 5_000)).release();
      client.disconnect(true);
      return scene.outcome(redlock.acquire([scene.key()], 5_000));
    },
  },
  {
    name: "nodes that were down are back at the next attempt: acquire",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const [client] = (await scene.clients(1)) as [Redis];
      const redlock = new Redlock([client], patient);
      await down(client);
      redlock.once("error", () => void client.connect());
      const lock = await redlock.acquire([scene.key()], 5_000);
      return lock.attempts.length > 1;
    },
  },
  {
    name: "ExecutionError.attempts: nodes that are down are asked again",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients, { retryCount: 2, retryDelay: 5, retryJitter: 0 });
      for (const client of clients.slice(1)) client.disconnect();
      return (await refusal(scene, redlock.acquire([scene.key()], 5_000))).attempts.length;
    },
  },
  {
    name: "a minority of nodes that hang",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const servers = await scene.ownServers(3);
      const redlock = new Redlock(await scene.clientsOf(servers), once);
      await servers[2]!.suspend();
      const lock = await redlock.acquire([scene.key()], 1_000);
      return {
        attempts: lock.attempts.length,
        stats: await scene.outcomeWithin(1_000, Promise.all(lock.attempts)),
      };
    },
    differs: {
      original: { attempts: 1, stats: "still pending" },
      ours: { attempts: 1, stats: { value: "resolved" } },
      why: meant.hangs,
    },
  },
  {
    name: "a server that forgot its scripts",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const servers = await scene.ownServers(1);
      const redlock = new Redlock(await scene.clientsOf(servers), once);
      await (await redlock.acquire([scene.key()], 5_000)).release();
      await servers[0]!.call("SCRIPT", "FLUSH");
      const lock = await redlock.acquire([scene.key()], 5_000);
      await servers[0]!.call("SCRIPT", "FLUSH");
      const extended = await lock.extend(5_000);
      await servers[0]!.call("SCRIPT", "FLUSH");
      return scene.outcome(extended.release());
    },
  },
  {
    name: "a Cluster as one node, with a hash tag in the resources",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const client = cluster(scene);
      const redlock = new Redlock([client], once);
      const keys = [scene.key("{tag}:a"), scene.key("{tag}:b")];
      const lock = await redlock.acquire(keys, 5_000);
      const held = (await client.get(keys[1]!)) === lock.value;
      const refused = await scene.outcome(redlock.acquire(keys.slice(1), 5_000));
      await (await lock.extend(5_000)).release();
      return { held, refused, left: await client.exists(keys[1]!) };
    },
  },
  {
    name: "a Cluster and resources of several slots",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock([cluster(scene)], once);
      return kind(redlock.acquire([scene.key("{1}"), scene.key("{2}")], 5_000));
    },
    differs: {
      original: "ExecutionError",
      ours: "InvalidOptionError",
      why: "Resources of several hash slots of a Cluster are refused with an `InvalidOptionError` that mentions hash tags; in the original it is an `ExecutionError`.",
    },
  },
];
