import type { Redis } from "ioredis";
import {
  down,
  everywhere,
  foreign,
  gone,
  once,
  patient,
  stored,
  unachieved,
  type V5,
  type V5Case,
  votesOf,
} from "./face.js";
import { meant } from "./meant.js";

/** The votes of a release, when it resolved. */
async function released(
  scene: V5,
  release: Promise<{ readonly attempts: Parameters<typeof votesOf>[1] }>,
  clients: Parameters<typeof votesOf>[2],
) {
  return votesOf(scene, (await release).attempts, clients);
}

export const release: readonly V5Case[] = [
  {
    name: "lock.release(): the attempts, and the expiration is 0",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const lock = await new Redlock(clients).acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      const result = await lock.release();
      return {
        own: Object.keys(result),
        votes: await votesOf(scene, result.attempts, clients),
        expiration: lock.expiration,
        stored: await stored(clients, scene.key()),
      };
    },
  },
  {
    name: "redlock.release(lock)",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients);
      const lock = await redlock.acquire([scene.key("a"), scene.key("b")], 5_000);
      await everywhere(clients, scene.key("b"));
      const votes = await released(scene, redlock.release(lock), clients);
      return { votes, expiration: lock.expiration, stored: await stored(clients, scene.key("b")) };
    },
  },
  {
    name: "redlock.release(lock, settings)",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const redlock = new Redlock(clients);
      const lock = await redlock.acquire([scene.key()], 5_000);
      return released(scene, redlock.release(lock, { retryCount: 2, retryDelay: 5 }), clients);
    },
  },
  {
    name: "another Redlock on the same servers may release the lock",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const lock = await new Redlock(await scene.clients(3)).acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      const votes = await released(scene, new Redlock(clients).release(lock), clients);
      return { votes, stored: await stored(clients, scene.key()) };
    },
  },
  {
    name: "releasing what somebody else holds meanwhile leaves it to them",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      await foreign(clients, scene.key());
      await lock.release().catch(() => {});
      return stored(clients, scene.key());
    },
  },
  {
    name: "releasing what somebody else holds meanwhile",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 5_000);
      await foreign(clients, scene.key());
      return scene.outcome(lock.release());
    },
    differs: {
      original: unachieved,
      ours: { value: "resolved" },
      why: meant.nothingToRelease,
    },
  },
  {
    name: "releasing an expired lock",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 250);
      await gone(clients, scene.key());
      return scene.outcome(lock.release());
    },
    differs: {
      original: unachieved,
      ours: { value: "resolved" },
      why: meant.nothingToRelease,
    },
  },
  {
    name: "releasing a lock twice",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const lock = await new Redlock(await scene.clients(1), once).acquire([scene.key()], 5_000);
      await lock.release();
      return scene.outcome(lock.release());
    },
    differs: {
      original: unachieved,
      ours: { value: "resolved" },
      why: meant.nothingToRelease,
    },
  },
  {
    name: "releasing a lock whose key vanished",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      for (const client of clients) await client.del(scene.key());
      return scene.outcome(lock.release(), () => "resolved");
    },
    differs: {
      original: unachieved,
      ours: { value: "resolved" },
      why: meant.nothingToRelease,
    },
  },
  {
    name: "releasing a lock that a minority forgot",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      await clients[0]!.del(scene.key());
      return released(scene, lock.release(), clients);
    },
  },
  {
    name: "releasing while a minority of nodes is down",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      clients[2]!.disconnect();
      const [stats] = await Promise.all((await lock.release()).attempts);
      return {
        for: clients.map((client) => stats?.votesFor.has(client)),
        against: clients.map((client) => stats?.votesAgainst.has(client)),
        stored: await stored(clients.slice(0, 2), scene.key()),
      };
    },
  },
  {
    name: "releasing while a majority of nodes is down",
    async run(scene) {
      const { default: Redlock, ExecutionError } = scene.face;
      const clients = await scene.clients(3);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      for (const client of clients.slice(1)) client.disconnect();
      const release = lock.release();
      return {
        outcome: await scene.outcome(release),
        known: await release.catch((error) => error instanceof ExecutionError && error.attempts.length),
        expiration: lock.expiration,
      };
    },
  },
  {
    name: "nodes that were down are back at the next attempt: release",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const [client] = (await scene.clients(1)) as [Redis];
      const redlock = new Redlock([client], once);
      const lock = await redlock.acquire([scene.key()], 5_000);
      await down(client);
      redlock.once("error", () => void client.connect());
      const outcome = await scene.outcome(redlock.release(lock, patient));
      await gone(await scene.clients(1), scene.key());
      return outcome;
    },
  },
  {
    name: "releasing while the node hangs",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const servers = await scene.ownServers(1);
      const redlock = new Redlock(await scene.clientsOf(servers), once);
      const lock = await redlock.acquire([scene.key()], 1_000);
      await servers[0]!.suspend();
      return scene.outcomeWithin(3_000, lock.release());
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
    name: "a lock made by hand, of a value that another process acquired, is released",
    async run(scene) {
      const { default: Redlock, Lock } = scene.face;
      const clients = await scene.clients(3);
      const { value, expiration } = await new Redlock(await scene.clients(3)).acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      const lock = new Lock(new Redlock(clients), [scene.key()], value, [], expiration);
      const votes = await released(scene, lock.release(), clients);
      return { votes, expiration: lock.expiration, stored: await stored(clients, scene.key()) };
    },
  },
  {
    name: "a plain object with what a lock has is extended and released",
    async run(scene) {
      const { default: Redlock, Lock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients);
      const { resources, value, expiration } = await redlock.acquire([scene.key()], 5_000);
      type Plain = InstanceType<typeof Lock>;
      const extended = await redlock.extend({ resources, value, expiration } as Plain, 30_000);
      await everywhere(clients, scene.key());
      const left = await clients[0]!.pttl(scene.key());
      await redlock.release({ resources, value } as Plain);
      await gone(clients, scene.key());
      return { left: left > 25_000, lock: extended instanceof Lock };
    },
  },
  {
    name: "a lock made by hand has what it was given",
    async run(scene) {
      const { default: Redlock, Lock } = scene.face;
      const redlock = new Redlock(await scene.clients(1));
      const lock = new Lock(redlock, ["a", "b"], "value", [], 12_345);
      const { resources, value, attempts, expiration } = lock;
      return { resources, value, attempts, expiration, redlock: lock.redlock === redlock };
    },
  },
];
