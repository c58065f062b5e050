import { type RedisServer, waitUntil } from "../../support/servers.js";
import type { Case } from "../compare.js";
import { calmly, count, gone, hasty, occupy } from "../v4-support.js";
import { type Face, listen, only, show, three } from "./face.js";
import { clientErrors } from "./meant.js";

export const events: Case<Face>[] = [
  {
    name: "acquired, renewed and released are emitted in this order",
    async run(scene) {
      const { redlock, key, heard } = await three(scene);
      const lock = (await redlock.acquireLock(key, 5_000))!;
      await redlock.renewLock(key, lock.value, 4_999);
      await redlock.releaseLock(key, lock.value);
      return heard;
    },
  },
  {
    name: "the events carry the lock's value",
    async run(scene) {
      const { redlock, key } = await three(scene);
      const values: string[] = [];
      for (const event of ["acquired", "renewed", "released"]) {
        redlock.on(event, ({ value, ...rest }) => values.push(value, ...Object.keys(rest).sort()));
      }
      const lock = (await redlock.acquireLock(key, 1_000))!;
      await redlock.renewLock(key, lock.value, 1_000);
      await redlock.releaseLock(key, lock.value);
      return values.map((value) => (value === lock.value ? "the value" : value));
    },
  },
  {
    name: "acquired gives the lock itself",
    async run(scene) {
      const { redlock, key } = await three(scene);
      const given: unknown[] = [];
      redlock.on("acquired", (lock) => given.push(lock));
      const locks = [
        await redlock.acquireLock(key, 1_000),
        await redlock.acquireLockWithCustomRetry(scene.key("b"), 1_000, () => 1),
      ];
      return locks.map((lock, index) => lock === given[index]);
    },
  },
  {
    name: "using emits them as well",
    async run(scene) {
      const { redlock, key, heard } = await three(scene);
      await redlock.using(key, 1_000, () => heard.push(["the routine"]));
      return heard;
    },
  },
  {
    name: "released is emitted whatever the value was",
    async run(scene) {
      const { redlock, key, heard } = await three(scene);
      await redlock.releaseLock(key, "not it");
      return heard;
    },
  },
  {
    name: "events of an acquisition that failed",
    async run(scene) {
      const { redlock, servers, key, heard } = await three(scene, 2);
      await occupy(servers, key);
      await redlock.acquireLock(key, 1_000);
      return heard;
    },
    differs: {
      original: Array(2).fill(["released", "a", 0]),
      ours: [],
      why: "released is emitted for locks that were released: the original emitted it after every failed attempt, too.",
    },
  },
  {
    name: "clientError tells of a client that is cut off, and the majority decides",
    async run(scene) {
      const { redlock, servers, key, heard } = await three(scene);
      servers[0]!.disconnect();
      const lock = (await redlock.acquireLock(key, 1_000))!;
      await redlock.releaseLock(key, lock.value);
      await waitUntil("it was told", 2_000, () => only(heard, "clientError").length > 0);
      return {
        ...{ lock: show(lock), after: await count(servers.slice(1), key) },
        errors: only(heard, "clientError").every(([, message]) => message !== ""),
      };
    },
  },
  {
    name: "what clientError gives",
    async run(scene) {
      const { redlock, servers, key } = await three(scene);
      const errors: (Error & { node?: unknown; reason?: unknown })[] = [];
      redlock.on("clientError", (error) => errors.push(error));
      servers[0]!.disconnect();
      await redlock.acquireLock(key, 1_000);
      await waitUntil("it was told", 2_000, () => errors.length > 0);
      const [error] = errors;
      return [error instanceof Error, error!.name, typeof error!.node, typeof error!.reason];
    },
    differs: {
      original: [true, "Error", "undefined", "undefined"],
      ours: [true, "ClientError", "string", "string"],
      why: clientErrors,
    },
  },
  {
    name: "two of three clients are cut off: null, and nothing left behind",
    async run(scene) {
      const { redlock, servers, key, heard } = await three(scene);
      for (const server of servers.slice(1)) server.disconnect();
      const lock = await redlock.acquireLock(key, 1_000);
      await gone(servers.slice(0, 1), key);
      return { lock, heard: only(heard, "clientError").length >= 2 };
    },
  },
  {
    name: "one of two clients is cut off: null",
    async run(scene) {
      const servers = await scene.clients(2);
      servers[0]!.disconnect();
      const clients = servers.map((server) => new scene.face.IoredisClient(server));
      return new scene.face.Redlock(clients, 1, 1).acquireLock(scene.key(), 1_000);
    },
  },
  {
    name: "clientError needs no listener",
    async run(scene) {
      const servers = await scene.clients(3);
      servers[0]!.disconnect();
      const clients = servers.map((server) => new scene.face.IoredisClient(server));
      const redlock = new scene.face.Redlock(clients);
      return calmly(async () => {
        const lock = (await redlock.acquireLock(scene.key(), 1_000))!;
        await redlock.releaseLock(scene.key(), lock.value);
      });
    },
  },
  {
    name: "a server dies while its lock is held",
    async run(scene) {
      const [server] = (await scene.ownServers(1)) as [RedisServer];
      const servers = [...(await scene.clients(2)), ...(await scene.clientsOf([server], hasty))];
      const clients = servers.map((each) => new scene.face.IoredisClient(each));
      const redlock = new scene.face.Redlock(clients, 1, 1);
      const heard = listen(scene, redlock);
      const lock = (await redlock.acquireLock(scene.key(), 5_000))!;
      await server.kill();
      await redlock.releaseLock(scene.key(), lock.value);
      await waitUntil("it was told", 5_000, () => only(heard, "clientError").length > 0);
      return show(await redlock.acquireLock(scene.key(), 1_000));
    },
  },
  {
    name: "one of three servers hangs",
    async run(scene) {
      const [server] = (await scene.ownServers(1)) as [RedisServer];
      const servers = [...(await scene.clients(2)), ...(await scene.clientsOf([server], hasty))];
      const clients = servers.map((each) => new scene.face.IoredisClient(each));
      const redlock = new scene.face.Redlock(clients, 1, 1);
      await server.suspend();
      return scene.outcomeWithin(1_500, redlock.acquireLock(scene.key(), 1_000), () => "locked");
    },
    differs: {
      original: "still pending",
      ours: { value: "locked" },
      why: "A server that hangs is outvoted: the original waited for the answer of every server, without limit.",
    },
  },
];
