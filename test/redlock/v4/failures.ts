import { setTimeout as sleep } from "node:timers/promises";
import { type RedisServer, waitUntil } from "../../support/servers.js";
import type { Case } from "../compare.js";
import { calmly, gone, hasty, occupy } from "../v4-support.js";
import { counts, cutOff, type Face, failure, once, three, told } from "./face.js";

export const failing: Case<Face>[] = [
  {
    name: "one of three clients is cut off: locked, extended, unlocked, and clientError tells",
    async run(scene) {
      const { redlock, key, cut, heard, alive } = await cutOff(scene, 1);
      cut();
      const lock = await redlock.lock(key, 1_000);
      const during = await counts(alive, key);
      const extended = await lock.extend(1_000);
      const unlocked = await failure(scene, lock.unlock());
      await waitUntil("clientError was emitted", 2_000, () => heard.length > 0);
      return {
        ...{ during, extended: extended === lock, unlocked, after: await counts(alive, key) },
        errors: heard.every((error) => error instanceof Error),
      };
    },
  },
  {
    name: "clientError needs no listener",
    async run(scene) {
      const { redlock, clients, key } = await three(scene);
      clients[0]!.disconnect();
      const strays = await calmly(async () => {
        await (await redlock.lock(key, 1_000)).unlock();
      });
      return strays;
    },
  },
  {
    name: "contention is no clientError",
    async run(scene) {
      const { redlock, clients, key, heard } = await cutOff(scene, 0);
      await occupy(clients, key);
      return { failed: await failure(scene, redlock.lock(key, 1_000)), heard: heard.length };
    },
  },
  {
    name: "what clientError gives",
    async run(scene) {
      const { redlock, key, cut, heard } = await cutOff(scene, 1);
      cut();
      await redlock.lock(key, 1_000);
      await waitUntil("clientError was emitted", 2_000, () => heard.length > 0);
      const [error] = heard as (Error & { node?: unknown; reason?: unknown })[];
      return [error instanceof Error, error!.name, typeof error!.node, typeof error!.reason];
    },
    differs: {
      original: [true, "Error", "undefined", "undefined"],
      ours: [true, "ClientError", "string", "string"],
      why: "clientError gives a ClientError, which names the server and the reason: the original gave the client's own error.",
    },
  },
  {
    name: "one of three servers is dead",
    async run(scene) {
      const [server] = (await scene.ownServers(1)) as [RedisServer];
      const clients = [...(await scene.clients(2)), ...(await scene.clientsOf([server], hasty))];
      const redlock = new scene.face(clients, once);
      const heard: Error[] = [];
      redlock.on("clientError", (error) => heard.push(error));
      const lock = await redlock.lock(scene.key(), 5_000);
      await server.kill();
      await lock.extend(5_000);
      const unlocked = await failure(scene, lock.unlock());
      await waitUntil("clientError was emitted", 5_000, () => heard.length > 0);
      return { unlocked, again: await failure(scene, redlock.lock(scene.key(), 1_000)) };
    },
  },
  {
    name: "two of three clients are cut off: not locked, nothing left behind",
    async run(scene) {
      const { redlock, key, cut, heard, alive } = await cutOff(scene, 2);
      cut();
      const failed = await failure(scene, redlock.lock(key, 1_000));
      await gone(alive, key);
      return { failed, heard: heard.length >= 2 };
    },
  },
  {
    name: "one of two clients is cut off: not locked",
    async run(scene) {
      const clients = await scene.clients(2);
      clients[0]!.disconnect();
      return failure(scene, new scene.face(clients, once).lock(scene.key(), 1_000));
    },
  },
  {
    name: "unlocked while no majority can be reached",
    async run(scene) {
      const { redlock, key, cut } = await cutOff(scene, 2);
      const lock = await redlock.lock(key, 500);
      cut();
      return { failed: await failure(scene, lock.unlock()), expiration: lock.expiration };
    },
  },
  {
    name: "extended while no majority can be reached",
    async run(scene) {
      const { redlock, key, cut } = await cutOff(scene, 2);
      const lock = await redlock.lock(key, 500);
      cut();
      return failure(scene, lock.extend(500));
    },
  },
  {
    name: "one of three servers hangs",
    async run(scene) {
      const [server] = (await scene.ownServers(1)) as [RedisServer];
      const clients = [...(await scene.clients(2)), ...(await scene.clientsOf([server], hasty))];
      const redlock = new scene.face(clients, once);
      await server.suspend();
      return scene.outcomeWithin(3_000, redlock.lock(scene.key(), 1_000), () => "locked");
    },
    differs: {
      original: "still pending",
      ours: { value: "locked" },
      why: "A server that hangs is outvoted: version 4 waited for the answer of every server, without limit.",
    },
  },
  {
    name: "a server that answers after the ttl",
    async run(scene) {
      const [server] = (await scene.ownServers(1)) as [RedisServer];
      const redlock = new scene.face(await scene.clientsOf([server], hasty), once);
      await (await redlock.lock(scene.key("warm"), 1_000)).unlock();
      await server.suspend();
      const locked = failure(scene, redlock.lock(scene.key(), 100));
      await sleep(200);
      server.resume();
      const result = await locked;
      await waitUntil("its key is gone", 2_000, async () => (await server.call("EXISTS", scene.key())) === 0);
      return result;
    },
  },
  {
    name: "LockError by hand",
    async run(scene) {
      const error = new scene.face.LockError();
      return [told(scene, error), told(scene, new scene.face.LockError("mine", 3)), String(error)];
    },
  },
  {
    name: "a server that has forgotten its scripts",
    async run(scene) {
      const [server] = (await scene.ownServers(1)) as [RedisServer];
      const redlock = new scene.face(await scene.clientsOf([server], hasty), once);
      const lock = await redlock.lock(scene.key(), 5_000);
      await server.call("SCRIPT", "FLUSH");
      const extended = await lock.extend(5_000);
      await server.call("SCRIPT", "FLUSH");
      return { same: extended === lock, unlocked: await failure(scene, lock.unlock()) };
    },
  },
];
