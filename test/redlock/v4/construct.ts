import { Cluster, Redis } from "ioredis";
import { sharedCluster, sharedServers } from "../../support/shared-servers.js";
import type { Case } from "../compare.js";
import { counts, type Face, failure, long, nodeRedis3, once, three } from "./face.js";
import { refusedScripts, unknownOption } from "./meant.js";

export const construction: Case<Face>[] = [
  {
    name: "without clients: the constructor throws",
    run: async (scene) => scene.outcome(Promise.resolve().then(() => new scene.face([]))),
    differs: {
      original: { error: "Error", message: "Redlock must be instantiated with at least one redis server." },
      ours: { error: "Error", message: "Redlock must be instantiated with at least one redis client." },
      why: 'Without clients the constructor says "at least one redis client", as version 5 does, not "server".',
    },
  },
  {
    name: "one client, no options: lock and unlock",
    async run(scene) {
      const clients = await scene.clients(1);
      const redlock = new scene.face(clients);
      const lock = await redlock.lock(scene.key(), 1_000);
      const during = await counts(clients, scene.key());
      const result = await lock.unlock();
      return { during, result, after: await counts(clients, scene.key()) };
    },
  },
  {
    name: "one client of a Redis Cluster: lock, extend and unlock",
    async run(scene) {
      const cluster = new Cluster(sharedCluster().ports.map((port) => ({ host: "127.0.0.1", port })));
      scene.later(() => cluster.disconnect());
      const key = scene.key();
      const lock = await new scene.face([cluster], once).lock(key, 1_000);
      const held = (await cluster.get(key)) === lock.value;
      await lock.extend(long);
      const extended = (await cluster.pttl(key)) > 2_000;
      await lock.unlock();
      return { held, extended, after: await cluster.exists(key) };
    },
  },
  {
    name: "clients of node_redis 3",
    async run(scene) {
      const clients = nodeRedis3(scene, 3);
      await Promise.all(clients.map((client) => new Promise((resolve) => client.once("ready", resolve))));
      const lock = await new scene.face(clients, once).lock(scene.key(), 1_000);
      const failed = await failure(scene, new scene.face(clients, once).lock(scene.key(), 1_000));
      const extended = await lock.extend(1_000);
      return { failed, same: extended === lock, unlocked: await failure(scene, lock.unlock()) };
    },
  },
  {
    name: "clients of node_redis 3 that are still connecting",
    async run(scene) {
      const redlock = new scene.face(nodeRedis3(scene, 3), once);
      return failure(scene, redlock.lock(scene.key(), 1_000));
    },
  },
  {
    name: "quit with clients of node_redis 3",
    async run(scene) {
      const clients = nodeRedis3(scene, 2);
      const redlock = new scene.face(clients);
      await redlock.lock(scene.key(), 1_000);
      const ended = clients.map((client) => new Promise((resolve) => client.once("end", resolve)));
      await redlock.quit();
      await Promise.all(ended);
      return clients.map(({ connected }) => connected);
    },
  },
  {
    name: "ioredis clients that are still connecting",
    async run(scene) {
      const servers = sharedServers().slice(0, 3);
      const clients = servers.map(({ port }) => new Redis(port, "127.0.0.1"));
      scene.later(() => clients.forEach((client) => void client.disconnect()));
      return failure(scene, new scene.face(clients, once).lock(scene.key(), 1_000));
    },
  },
  {
    name: "all four options are taken",
    async run(scene) {
      const options = { driftFactor: 0.02, retryCount: 4, retryDelay: 5, retryJitter: 5 };
      const { redlock, key } = await three(scene, options);
      const { attempts, attemptsRemaining } = await redlock.lock(key, 1_000);
      return { attempts, attemptsRemaining };
    },
  },
  {
    name: "the default is ten retries",
    async run(scene) {
      const { redlock, key } = await three(scene, {});
      const { attempts, attemptsRemaining } = await redlock.lock(key, 1_000);
      return { attempts, attemptsRemaining };
    },
  },
  {
    name: "the options can be read",
    async run(scene) {
      const { redlock } = await three(scene, {
        driftFactor: 0.02,
        retryCount: 4,
        retryDelay: 5,
        retryJitter: 6,
      });
      const { driftFactor, retryCount, retryDelay, retryJitter } = redlock;
      return { driftFactor, retryCount, retryDelay, retryJitter };
    },
  },
  {
    name: "options that nobody knows",
    async run(scene) {
      const clients = await scene.clients(1);
      const made = Promise.resolve().then(() => new scene.face(clients, { retrycount: 3 }));
      return (await scene.outcome(made)).error ?? "made";
    },
    differs: { original: "made", ours: "InvalidOptionError", why: unknownOption },
  },
  {
    name: "options of a wrong type",
    async run(scene) {
      const clients = await scene.clients(1);
      const made = Promise.resolve().then(() => new scene.face(clients, { retryCount: "3" }));
      return (await scene.outcome(made)).error ?? "made";
    },
    differs: { original: "made", ours: "InvalidOptionError", why: unknownOption },
  },
  {
    name: "scripts of one's own",
    async run(scene) {
      const clients = await scene.clients(1);
      const options = { unlockScript: (script: string) => `${script}\n-- with a comment` };
      const made = Promise.resolve().then(() => new scene.face(clients, options));
      return (await scene.outcome(made)).error ?? "made";
    },
    differs: { original: "made", ours: "InvalidOptionError", why: refusedScripts },
  },
  {
    name: "one client twice",
    async run(scene) {
      const [client] = await scene.clients(1);
      const made = Promise.resolve().then(() =>
        new scene.face([client, client], once).lock(scene.key(), 1_000),
      );
      return (await scene.outcome(made)).error ?? "made";
    },
    differs: {
      original: "LockError",
      ours: "DuplicateNodeError",
      why: "The same client twice is refused by the constructor with DuplicateNodeError: one server has one vote.",
    },
  },
  {
    name: "two clients of one server",
    async run(scene) {
      const clients = [...(await scene.clients(1)), ...(await scene.clients(1))];
      const redlock = new scene.face(clients, once);
      return (await scene.outcome(redlock.lock(scene.key(), 1_000))).error;
    },
    differs: {
      original: "LockError",
      ours: "DuplicateNodeError",
      why: "Two clients of one server are told apart from contention: acquiring rejects with DuplicateNodeError.",
    },
  },
  {
    name: "it is an event emitter",
    async run(scene) {
      const { redlock } = await three(scene);
      const heard: string[] = [];
      const listen = (error: Error) => heard.push(error.message);
      const chained = redlock.on("clientError", listen) === redlock;
      redlock.once("clientError", listen);
      const listeners = redlock.listenerCount("clientError");
      const answers = [redlock.emit("clientError", new Error("one")), redlock.emit("other", new Error())];
      redlock.off("clientError", listen);
      return { chained, listeners, answers, heard, after: redlock.listenerCount("clientError") };
    },
  },
];
