import { EventEmitter } from "node:events";
import type { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis-5";
import { sharedServers } from "../../support/shared-servers.js";
import { kind, once, stored, type V5, type V5Case, votesOf } from "./api.js";
import { reasons } from "./intended-differences.js";

type Redlock = InstanceType<V5["api"]["default"]>;

/** The result of the constructor. */
function built(context: V5, construct: () => Redlock) {
  return kind(
    (async () => construct())(),
    (redlock) => redlock instanceof context.api.default && "a Redlock",
  );
}

/** Whether a lock can be acquired and released. */
async function works(context: V5, redlock: Redlock) {
  return context.outcome(
    redlock.acquire([context.key()], 5_000, once).then((lock) => lock.release()),
    () => "works",
  );
}

export const construct: readonly V5Case[] = [
  {
    name: "the exports: a class by default, and Lock, ExecutionError, ResourceLockedError by name",
    async run({ api }) {
      const { default: Redlock, Lock, ExecutionError, ResourceLockedError } = api;
      return [Redlock, Lock, ExecutionError, ResourceLockedError].map((value) => [typeof value, value.name]);
    },
  },
  {
    name: "new Redlock([a, b, c], options), as the README has it",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients, {
        driftFactor: 0.01,
        retryCount: 10,
        retryDelay: 200,
        retryJitter: 200,
        automaticExtensionThreshold: 500,
      });
      const lock = await redlock.acquire([context.key()], 5_000);
      return { votes: await votesOf(context, lock.attempts, clients), settings: redlock.settings };
    },
  },
  {
    name: "new Redlock(clients): the default settings",
    async run(context) {
      const { default: Redlock } = context.api;
      const { settings } = new Redlock(await context.clients(1));
      return settings;
    },
  },
  {
    name: "redlock.settings: the given ones, and the defaults of the others",
    async run(context) {
      const { default: Redlock } = context.api;
      const { settings } = new Redlock(await context.clients(1), { retryCount: 3, driftFactor: 0.05 });
      return settings;
    },
  },
  {
    name: "new Redlock(set): any iterable of clients",
    async run(context) {
      const { default: Redlock } = context.api;
      const [a, b, c] = (await context.clients(3)) as [Redis, Redis, Redis];
      const all = function* () {
        yield* [a, b, c];
      };
      return [
        await works(context, new Redlock(new Set([a, b, c]))),
        await works(context, new Redlock(all())),
      ];
    },
  },
  {
    name: "redlock.clients: a set of the clients that were given",
    async run(context) {
      const { default: Redlock } = context.api;
      const given = await context.clients(3);
      const { clients } = new Redlock(given);
      return [clients instanceof Set, clients.size, given.map((client) => clients.has(client))];
    },
  },
  {
    name: "new Redlock([]): refused",
    async run(context) {
      const { default: Redlock } = context.api;
      return context.outcome((async () => new Redlock([] as never))());
    },
  },
  {
    name: "a client of ioredis 5",
    async run(context) {
      const { default: Redlock } = context.api;
      const client = new Redis5(sharedServers()[0]!.port, "127.0.0.1");
      context.later(() => client.disconnect());
      return works(context, new Redlock([client as unknown as Redis]));
    },
  },
  {
    name: "a client that connects with its first command",
    async run(context) {
      const { default: Redlock } = context.api;
      const client = (await context.clients(1))[0]!.duplicate({ lazyConnect: true });
      context.later(() => client.disconnect());
      const before = client.status;
      return [before, await works(context, new Redlock([client])), client.status];
    },
  },
  {
    name: "a client with a keyPrefix: the prefix is added to the key",
    async run(context) {
      const { default: Redlock } = context.api;
      const [plain] = (await context.clients(1)) as [Redis];
      const prefixed = await context.clients(1, { keyPrefix: context.key("prefix:") });
      const lock = await new Redlock(prefixed).acquire(["a"], 5_000);
      const before = (await plain.get(context.key("prefix:a"))) === lock.value;
      await lock.release();
      return [before, await plain.get(context.key("prefix:a"))];
    },
  },
  {
    name: "a Redlock is an emitter: on, once, off, emit",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      const emitted: string[] = [];
      const on = (error: Error) => void emitted.push(`on ${error.message}`);
      redlock.on("error", on);
      redlock.once("error", (error: Error) => void emitted.push(`once ${error.message}`));
      const was = [redlock.emit("error", new Error("1")), redlock.emit("error", new Error("2"))];
      redlock.off("error", on);
      redlock.emit("error", new Error("3"));
      return { emitted, was };
    },
  },
  {
    name: "a Redlock is an instance of node's EventEmitter",
    async run(context) {
      const { default: Redlock } = context.api;
      return new Redlock(await context.clients(1)) instanceof EventEmitter;
    },
  },
  {
    name: "an error event without a listener does not crash the process",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      return context.outcome((async () => redlock.emit("error", new Error("unheard")))());
    },
  },
  {
    name: "redlock.scripts",
    async run(context) {
      const { default: Redlock } = context.api;
      const { scripts } = new Redlock(await context.clients(1)) as { scripts?: object };
      return scripts === undefined ? "none" : Object.keys(scripts).sort();
    },
    differs: {
      original: ["acquireScript", "extendScript", "releaseScript"],
      ours: "none",
      why: reasons.scripts,
    },
  },
  {
    name: "custom scripts",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const scripts = { acquireScript: (script: string) => `${script}\n` };
      return built(context, () => new Redlock(clients, {}, scripts));
    },
    differs: {
      original: "a Redlock",
      ours: "InvalidOptionError",
      why: reasons.scripts,
    },
  },
  {
    name: "a setting that does not exist",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const settings = { retrycount: 3 } as object;
      return built(context, () => new Redlock(clients, settings));
    },
    differs: {
      original: "a Redlock",
      ours: "InvalidOptionError",
      why: reasons.settings,
    },
  },
  {
    name: "a setting that is not a number",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const settings = { retryCount: "3" } as object;
      return built(context, () => new Redlock(clients, settings));
    },
    differs: {
      original: "a Redlock",
      ours: "InvalidOptionError",
      why: reasons.settings,
    },
  },
  {
    name: "an undefined setting has its default",
    async run(context) {
      const { default: Redlock } = context.api;
      const settings = { retryCount: undefined, retryDelay: 50 } as object;
      return new Redlock(await context.clients(1), settings).settings;
    },
  },
  {
    name: "the same client twice",
    async run(context) {
      const { default: Redlock } = context.api;
      const [client] = (await context.clients(1)) as [Redis];
      return built(context, () => new Redlock([client, client]));
    },
    differs: {
      original: "a Redlock",
      ours: "DuplicateNodeError",
      why: reasons.duplicates,
    },
  },
  {
    name: "two clients of one server and one of another",
    async run(context) {
      const { default: Redlock } = context.api;
      const [first] = (await context.clients(1)) as [Redis];
      const redlock = new Redlock([first, ...(await context.clients(2))]);
      return kind(redlock.acquire([context.key()], 5_000, once));
    },
    differs: {
      original: "resolved",
      ours: "DuplicateNodeError",
      why: reasons.duplicates,
    },
  },
  {
    name: "two clients of one server",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock([...(await context.clients(1)), ...(await context.clients(1))]);
      const acquired = kind(redlock.acquire([context.key()], 1_000, once));
      return context.outcomeWithin(500, acquired, (name) => name);
    },
    differs: {
      original: "still pending",
      ours: { value: "DuplicateNodeError" },
      why: reasons.duplicates,
    },
  },
  {
    name: "two of a program's Redlocks on the same servers exclude each other",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const one = new Redlock(clients, once);
      const two = new Redlock(await context.clients(3), once);
      const lock = await one.acquire([context.key()], 5_000);
      const refused = await context.outcome(two.acquire([context.key()], 5_000));
      await lock.release();
      const granted = await context.outcome(two.acquire([context.key()], 5_000));
      return { refused, granted, stored: (await stored(clients, context.key())).filter(Boolean).length > 1 };
    },
  },
];
