import { Cluster, Redis } from "ioredis";
import { sharedCluster, sharedServers } from "../../support/shared-servers.js";
import type { Case } from "../compare.js";
import { type Api, counts, failure, long, nodeRedis3, once, three } from "./api.js";
import { refusedScripts, unknownOption } from "./intended-differences.js";

export const construction: Case<Api>[] = [
  {
    name: "without clients: the constructor throws",
    run: async (context) => context.outcome(Promise.resolve().then(() => new context.api([]))),
    differs: {
      original: { error: "Error", message: "Redlock must be instantiated with at least one redis server." },
      ours: { error: "Error", message: "Redlock must be instantiated with at least one redis client." },
      why: 'Without clients the constructor says "at least one redis client", as version 5 does, not "server".',
    },
  },
  {
    name: "one client, no options: lock and unlock",
    async run(context) {
      const clients = await context.clients(1);
      const redlock = new context.api(clients);
      const lock = await redlock.lock(context.key(), 1_000);
      const during = await counts(clients, context.key());
      const result = await lock.unlock();
      return { during, result, after: await counts(clients, context.key()) };
    },
  },
  {
    name: "one client of a Redis Cluster: lock, extend and unlock",
    async run(context) {
      const cluster = new Cluster(sharedCluster().ports.map((port) => ({ host: "127.0.0.1", port })));
      context.later(() => cluster.disconnect());
      const key = context.key();
      const lock = await new context.api([cluster], once).lock(key, 1_000);
      const held = (await cluster.get(key)) === lock.value;
      await lock.extend(long);
      const extended = (await cluster.pttl(key)) > 2_000;
      await lock.unlock();
      return { held, extended, after: await cluster.exists(key) };
    },
  },
  {
    name: "clients of node_redis 3",
    async run(context) {
      const clients = nodeRedis3(context, 3);
      await Promise.all(clients.map((client) => new Promise((resolve) => client.once("ready", resolve))));
      const lock = await new context.api(clients, once).lock(context.key(), 1_000);
      const failed = await failure(context, new context.api(clients, once).lock(context.key(), 1_000));
      const extended = await lock.extend(1_000);
      return { failed, same: extended === lock, unlocked: await failure(context, lock.unlock()) };
    },
  },
  {
    name: "clients of node_redis 3 that are still connecting",
    async run(context) {
      const redlock = new context.api(nodeRedis3(context, 3), once);
      return failure(context, redlock.lock(context.key(), 1_000));
    },
  },
  {
    name: "quit with clients of node_redis 3",
    async run(context) {
      const clients = nodeRedis3(context, 2);
      const redlock = new context.api(clients);
      await redlock.lock(context.key(), 1_000);
      const ended = clients.map((client) => new Promise((resolve) => client.once("end", resolve)));
      await redlock.quit();
      await Promise.all(ended);
      return clients.map(({ connected }) => connected);
    },
  },
  {
    name: "ioredis clients that are still connecting",
    async run(context) {
      const servers = sharedServers().slice(0, 3);
      const clients = servers.map(({ port }) => new Redis(port, "127.0.0.1"));
      context.later(() => clients.forEach((client) => void client.disconnect()));
      return failure(context, new context.api(clients, once).lock(context.key(), 1_000));
    },
  },
  {
    name: "all four options are taken",
    async run(context) {
      const options = { driftFactor: 0.02, retryCount: 4, retryDelay: 5, retryJitter: 5 };
      const { redlock, key } = await three(context, options);
      const { attempts, attemptsRemaining } = await redlock.lock(key, 1_000);
      return { attempts, attemptsRemaining };
    },
  },
  {
    name: "the default is ten retries",
    async run(context) {
      const { redlock, key } = await three(context, {});
      const { attempts, attemptsRemaining } = await redlock.lock(key, 1_000);
      return { attempts, attemptsRemaining };
    },
  },
  {
    name: "the options can be read",
    async run(context) {
      const { redlock } = await three(context, {
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
    name: "unknown options",
    async run(context) {
      const clients = await context.clients(1);
      const made = Promise.resolve().then(() => new context.api(clients, { retrycount: 3 }));
      return (await context.outcome(made)).error ?? "made";
    },
    differs: { original: "made", ours: "InvalidOptionError", why: unknownOption },
  },
  {
    name: "options of a wrong type",
    async run(context) {
      const clients = await context.clients(1);
      const made = Promise.resolve().then(() => new context.api(clients, { retryCount: "3" }));
      return (await context.outcome(made)).error ?? "made";
    },
    differs: { original: "made", ours: "InvalidOptionError", why: unknownOption },
  },
  {
    name: "custom scripts",
    async run(context) {
      const clients = await context.clients(1);
      const options = { unlockScript: (script: string) => `${script}\n-- with a comment` };
      const made = Promise.resolve().then(() => new context.api(clients, options));
      return (await context.outcome(made)).error ?? "made";
    },
    differs: { original: "made", ours: "InvalidOptionError", why: refusedScripts },
  },
  {
    name: "one client twice",
    async run(context) {
      const [client] = await context.clients(1);
      const made = Promise.resolve().then(() =>
        new context.api([client, client], once).lock(context.key(), 1_000),
      );
      return (await context.outcome(made)).error ?? "made";
    },
    differs: {
      original: "LockError",
      ours: "DuplicateNodeError",
      why: "The same client twice is refused by the constructor with DuplicateNodeError: one server has one vote.",
    },
  },
  {
    name: "two clients of one server",
    async run(context) {
      const clients = [...(await context.clients(1)), ...(await context.clients(1))];
      const redlock = new context.api(clients, once);
      return (await context.outcome(redlock.lock(context.key(), 1_000))).error;
    },
    differs: {
      original: "LockError",
      ours: "DuplicateNodeError",
      why: "Two clients of one server are told apart from contention: acquiring rejects with DuplicateNodeError.",
    },
  },
  {
    name: "it is an event emitter",
    async run(context) {
      const { redlock } = await three(context);
      const emitted: string[] = [];
      const listen = (error: Error) => emitted.push(error.message);
      const chained = redlock.on("clientError", listen) === redlock;
      redlock.once("clientError", listen);
      const listeners = redlock.listenerCount("clientError");
      const answers = [redlock.emit("clientError", new Error("one")), redlock.emit("other", new Error())];
      redlock.off("clientError", listen);
      return { chained, listeners, answers, emitted, after: redlock.listenerCount("clientError") };
    },
  },
];
