import type { Redis } from "ioredis";
import { waitUntil } from "../../support/servers.js";
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
  type V5Case,
  votesOf,
} from "./face.js";
import { meant } from "./meant.js";

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
    async run(scene) {
      const { default: Redlock, Lock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients);
      const lock = await redlock.acquire([scene.key()], 1_000);
      await everywhere(clients, scene.key());
      const { expiration } = lock;
      const extended = await lock.extend(10_000);
      const left = await clients[0]!.pttl(scene.key());
      return {
        lock: extended instanceof Lock && extended !== lock,
        same: [
          extended.value === lock.value,
          extended.redlock === redlock,
          extended.resources.map((resource) => scene.plain(resource)),
        ],
        later: extended.expiration > expiration + 8_000,
        left: left > 9_000 && left <= 10_000,
        old: lock.expiration,
        votes: await votesOf(scene, extended.attempts, clients),
      };
    },
  },
  {
    name: "redlock.extend(lock, duration, settings)",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const redlock = new Redlock(clients);
      const lock = await redlock.acquire([scene.key()], 1_000);
      const before = Date.now();
      const extended = await redlock.extend(lock, 10_000, { driftFactor: 0.5, retryCount: 0 });
      const held = extended.expiration - 5_000 + 2;
      return {
        drift: held >= before - 2 && held <= Date.now() + 2,
        old: lock.expiration,
        votes: await votesOf(scene, extended.attempts, clients),
      };
    },
  },
  {
    name: "extending again and again, and the last is released",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      let lock = await new Redlock(clients).acquire([scene.key("a"), scene.key("b")], 1_000);
      for (let turn = 0; turn < 3; turn += 1) lock = await lock.extend(1_000 + turn * 1_000);
      await lock.release();
      await gone(clients, scene.key("a"));
      await gone(clients, scene.key("b"));
      return "no key is left";
    },
  },
  {
    name: "extending a lock that was extended already: the old one is over",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const lock = await new Redlock(await scene.clients(1)).acquire([scene.key()], 5_000);
      await lock.extend(5_000);
      return scene.outcome(lock.extend(5_000));
    },
  },
  {
    name: "two extensions at the same time",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const [client] = (await scene.clients(1)) as [Redis];
      const lock = await new Redlock([client], once).acquire([scene.key()], 5_000);
      const both = await Promise.all([lock.extend(20_000), lock.extend(30_000)]);
      const left = await client.pttl(scene.key());
      await both[0].release();
      return { left: left > 25_000, stored: await stored([client], scene.key()) };
    },
  },
  {
    name: "a release while an extension is under way",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 5_000);
      const [extension, release] = [kind(lock.extend(20_000)), kind(lock.release())];
      return {
        extension: await extension,
        release: await release,
        stored: await stored(clients, scene.key()),
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
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 5_000);
      await lock.extend(5_000);
      return { outcome: await scene.outcome(lock.release()), stored: await stored(clients, scene.key()) };
    },
  },
  {
    name: "an extension by less than what is left",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const [client] = (await scene.clients(1)) as [Redis];
      const lock = await new Redlock([client]).acquire([scene.key()], 60_000);
      const extended = await lock.extend(1_000);
      const left = await client.pttl(scene.key());
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
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 250);
      await gone(clients, scene.key());
      const error = await refusal(scene, lock.extend(5_000));
      return { name: error.name, message: error.message, attempts: error.attempts };
    },
  },
  {
    name: "extending a released lock",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock(await scene.clients(1), once);
      const lock = await redlock.acquire([scene.key()], 5_000);
      await lock.release();
      return scene.outcome(lock.extend(5_000));
    },
  },
  {
    name: "extending a lock whose key vanished",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      for (const client of clients) await client.del(scene.key());
      const error = await refusal(scene, lock.extend(5_000));
      return {
        message: error.message,
        votes: await votesOf(scene, error.attempts, clients),
        stored: await stored(clients, scene.key()),
      };
    },
  },
  {
    name: "extending a lock that somebody else holds meanwhile",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      await foreign(clients, scene.key());
      const error = await refusal(scene, lock.extend(5_000));
      return {
        message: error.message,
        votes: await votesOf(scene, error.attempts, clients),
        stored: await stored(clients, scene.key()),
      };
    },
  },
  {
    name: "extending a lock that somebody else holds meanwhile, with retries",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients, { retryCount: 2, retryDelay: 5, retryJitter: 0 });
      const lock = await redlock.acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      await foreign(clients, scene.key());
      return (await refusal(scene, lock.extend(5_000))).attempts.length;
    },
    differs: {
      original: 3,
      ours: 1,
      why: "An extension is not retried once a quorum of nodes has reported that the lock is lost.",
    },
  },
  {
    name: "nodes that were down are back at the next attempt: extend",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const [client] = (await scene.clients(1)) as [Redis];
      const redlock = new Redlock([client], patient);
      const lock = await redlock.acquire([scene.key()], 10_000);
      await down(client);
      redlock.once("error", () => void client.connect());
      const extended = await lock.extend(30_000);
      return [extended.attempts.length > 1, (await client.pttl(scene.key())) > 20_000];
    },
  },
  {
    name: "extending while a majority of nodes is down, with retries",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients, { retryCount: 2, retryDelay: 5, retryJitter: 0 });
      const lock = await redlock.acquire([scene.key()], 5_000);
      for (const client of clients.slice(1)) client.disconnect();
      return (await refusal(scene, lock.extend(5_000))).attempts.length;
    },
  },
  {
    name: "extending a lock that a minority forgot: it is extended",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      await clients[2]!.del(scene.key());
      const extended = await lock.extend(10_000);
      return extended.expiration > Date.now() + 5_000;
    },
  },
  {
    name: "extending a lock that a minority forgot: what that minority does",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      await clients[2]!.del(scene.key());
      const extended = await lock.extend(10_000);
      const back = waitUntil(
        "it is back",
        300,
        async () => (await clients[2]!.get(scene.key())) === lock.value,
      );
      const again = await back.then(
        () => true,
        () => false,
      );
      return { votes: await votesOf(scene, extended.attempts, clients), again };
    },
    differs: {
      original: { votes: forgotten, again: false },
      ours: { votes: forgotten, again: true },
      why: "An extension restores the lock on a minority of nodes that forgot it.",
    },
  },
  {
    name: "extending several resources of which one vanished",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const lock = await new Redlock(clients, once).acquire([scene.key("a"), scene.key("b")], 5_000);
      await clients[0]!.del(scene.key("b"));
      return scene.outcome(lock.extend(10_000));
    },
  },
  {
    name: "extending while a majority of nodes is down",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const lock = await new Redlock(clients, once).acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      for (const client of clients.slice(1)) client.disconnect();
      const error = await refusal(scene, lock.extend(10_000));
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
    async run(scene) {
      const { default: Redlock } = scene.face;
      const servers = await scene.ownServers(1);
      const [client] = (await scene.clientsOf(servers)) as [Redis];
      const lock = await new Redlock([client], once).acquire([scene.key()], 30_000);
      await servers[0]!.call("CONFIG", "SET", "min-replicas-to-write", 1);
      const first = await scene.outcome(lock.extend(60_000));
      const still = lock.expiration > Date.now();
      await servers[0]!.call("CONFIG", "SET", "min-replicas-to-write", 0);
      const again = await scene.outcome(lock.extend(60_000), (extended) => extended !== lock);
      return { first, still, again, left: (await client.pttl(scene.key())) > 30_000 };
    },
  },
  {
    name: "extending by a fraction is refused",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock(await scene.clients(1));
      const lock = await redlock.acquire([scene.key()], 5_000);
      return {
        outcome: await scene.outcome(lock.extend(1_000.5)),
        still: lock.expiration > Date.now(),
      };
    },
  },
  {
    name: "extending while the node hangs",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const servers = await scene.ownServers(1);
      const redlock = new Redlock(await scene.clientsOf(servers), once);
      const lock = await redlock.acquire([scene.key()], 1_000);
      await servers[0]!.suspend();
      return scene.outcomeWithin(3_000, lock.extend(1_000));
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
    name: "a lock made by hand, of a value that another process acquired, is extended",
    async run(scene) {
      const { default: Redlock, Lock } = scene.face;
      const clients = await scene.clients(3);
      const { value, expiration } = await new Redlock(await scene.clients(3)).acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      const lock = new Lock(new Redlock(clients), [scene.key()], value, [], expiration);
      const extended = await lock.extend(30_000);
      const votes = await votesOf(scene, extended.attempts, clients);
      const left = await clients[0]!.pttl(scene.key());
      await extended.release();
      return { votes, old: lock.expiration, same: extended.value === value, left: left > 25_000 };
    },
  },
  {
    name: "a lock made by hand whose expiration is over cannot be extended",
    async run(scene) {
      const { default: Redlock, Lock } = scene.face;
      const redlock = new Redlock(await scene.clients(1));
      const { value } = await redlock.acquire([scene.key()], 5_000);
      const lock = new Lock(redlock, [scene.key()], value, [], Date.now() - 1);
      return scene.outcome(lock.extend(5_000));
    },
  },
  {
    name: "a lock made by hand with a value that holds nothing cannot be extended",
    async run(scene) {
      const { default: Redlock, Lock } = scene.face;
      const redlock = new Redlock(await scene.clients(1), once);
      const lock = new Lock(redlock, [scene.key()], "nobody's", [], Date.now() + 5_000);
      return scene.outcome(lock.extend(5_000));
    },
  },
];
