import { EventEmitter } from "node:events";
import type { Redis } from "ioredis";
import { Redis as Redis5 } from "ioredis-5";
import { sharedServers } from "../../support/shared-servers.js";
import { kind, once, stored, type V5, type V5Case, votesOf } from "./face.js";
import { meant } from "./meant.js";

type Redlock = InstanceType<V5["face"]["default"]>;

/** What the constructor came to. */
function built(scene: V5, construct: () => Redlock) {
  return kind((async () => construct())(), (redlock) => redlock instanceof scene.face.default && "a Redlock");
}

/** Whether a lock can be had and given back. */
async function works(scene: V5, redlock: Redlock) {
  return scene.outcome(
    redlock.acquire([scene.key()], 5_000, once).then((lock) => lock.release()),
    () => "works",
  );
}

export const construct: readonly V5Case[] = [
  {
    name: "the exports: a class by default, and Lock, ExecutionError, ResourceLockedError by name",
    async run({ face }) {
      const { default: Redlock, Lock, ExecutionError, ResourceLockedError } = face;
      return [Redlock, Lock, ExecutionError, ResourceLockedError].map((value) => [typeof value, value.name]);
    },
  },
  {
    name: "new Redlock([a, b, c], options), as the README has it",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients, {
        driftFactor: 0.01,
        retryCount: 10,
        retryDelay: 200,
        retryJitter: 200,
        automaticExtensionThreshold: 500,
      });
      const lock = await redlock.acquire([scene.key()], 5_000);
      return { votes: await votesOf(scene, lock.attempts, clients), settings: redlock.settings };
    },
  },
  {
    name: "new Redlock(clients): the default settings",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const { settings } = new Redlock(await scene.clients(1));
      return settings;
    },
  },
  {
    name: "redlock.settings: those given, and the defaults of the others",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const { settings } = new Redlock(await scene.clients(1), { retryCount: 3, driftFactor: 0.05 });
      return settings;
    },
  },
  {
    name: "new Redlock(set): any iterable of clients",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const [a, b, c] = (await scene.clients(3)) as [Redis, Redis, Redis];
      const all = function* () {
        yield* [a, b, c];
      };
      return [await works(scene, new Redlock(new Set([a, b, c]))), await works(scene, new Redlock(all()))];
    },
  },
  {
    name: "redlock.clients: a set of the clients that were given",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const given = await scene.clients(3);
      const { clients } = new Redlock(given);
      return [clients instanceof Set, clients.size, given.map((client) => clients.has(client))];
    },
  },
  {
    name: "new Redlock([]): refused",
    async run(scene) {
      const { default: Redlock } = scene.face;
      return scene.outcome((async () => new Redlock([]))());
    },
  },
  {
    name: "a client of ioredis 5",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const client = new Redis5(sharedServers()[0]!.port, "127.0.0.1");
      scene.later(() => client.disconnect());
      return works(scene, new Redlock([client as unknown as Redis]));
    },
  },
  {
    name: "a client that connects with its first command",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const client = (await scene.clients(1))[0]!.duplicate({ lazyConnect: true });
      scene.later(() => client.disconnect());
      const before = client.status;
      return [before, await works(scene, new Redlock([client])), client.status];
    },
  },
  {
    name: "a client with a keyPrefix: it is put before the key",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const [plain] = (await scene.clients(1)) as [Redis];
      const prefixed = await scene.clients(1, { keyPrefix: scene.key("prefix:") });
      const lock = await new Redlock(prefixed).acquire(["a"], 5_000);
      const before = (await plain.get(scene.key("prefix:a"))) === lock.value;
      await lock.release();
      return [before, await plain.get(scene.key("prefix:a"))];
    },
  },
  {
    name: "a Redlock is an emitter: on, once, off, emit",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock(await scene.clients(1));
      const heard: string[] = [];
      const on = (error: Error) => void heard.push(`on ${error.message}`);
      redlock.on("error", on);
      redlock.once("error", (error: Error) => void heard.push(`once ${error.message}`));
      const was = [redlock.emit("error", new Error("1")), redlock.emit("error", new Error("2"))];
      redlock.off("error", on);
      redlock.emit("error", new Error("3"));
      return { heard, was };
    },
  },
  {
    name: "a Redlock is an instance of node's EventEmitter",
    async run(scene) {
      const { default: Redlock } = scene.face;
      return new Redlock(await scene.clients(1)) instanceof EventEmitter;
    },
  },
  {
    name: "an error event without a listener crashes nothing",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock(await scene.clients(1));
      return scene.outcome((async () => redlock.emit("error", new Error("unheard")))());
    },
  },
  {
    name: "redlock.scripts",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const { scripts } = new Redlock(await scene.clients(1)) as { scripts?: object };
      return scripts === undefined ? "none" : Object.keys(scripts).sort();
    },
    differs: {
      original: ["acquireScript", "extendScript", "releaseScript"],
      ours: "none",
      why: meant.scripts,
    },
  },
  {
    name: "custom scripts",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const scripts = { acquireScript: (script: string) => `${script}\n` };
      return built(scene, () => new Redlock(clients, {}, scripts));
    },
    differs: {
      original: "a Redlock",
      ours: "InvalidOptionError",
      why: meant.scripts,
    },
  },
  {
    name: "a setting that does not exist",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const settings = { retrycount: 3 } as object;
      return built(scene, () => new Redlock(clients, settings));
    },
    differs: {
      original: "a Redlock",
      ours: "InvalidOptionError",
      why: meant.settings,
    },
  },
  {
    name: "a setting that is no number",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const settings = { retryCount: "3" } as object;
      return built(scene, () => new Redlock(clients, settings));
    },
    differs: {
      original: "a Redlock",
      ours: "InvalidOptionError",
      why: meant.settings,
    },
  },
  {
    name: "a setting that is undefined is its default",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const settings = { retryCount: undefined, retryDelay: 50 } as object;
      return new Redlock(await scene.clients(1), settings).settings;
    },
  },
  {
    name: "the same client twice",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const [client] = (await scene.clients(1)) as [Redis];
      return built(scene, () => new Redlock([client, client]));
    },
    differs: {
      original: "a Redlock",
      ours: "DuplicateNodeError",
      why: meant.duplicates,
    },
  },
  {
    name: "two clients of one server and one of another",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const [first] = (await scene.clients(1)) as [Redis];
      const redlock = new Redlock([first, ...(await scene.clients(2))]);
      return kind(redlock.acquire([scene.key()], 5_000, once));
    },
    differs: {
      original: "resolved",
      ours: "DuplicateNodeError",
      why: meant.duplicates,
    },
  },
  {
    name: "two clients of one server",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock([...(await scene.clients(1)), ...(await scene.clients(1))]);
      const acquired = kind(redlock.acquire([scene.key()], 1_000, once));
      return scene.outcomeWithin(500, acquired, (name) => name);
    },
    differs: {
      original: "still pending",
      ours: { value: "DuplicateNodeError" },
      why: meant.duplicates,
    },
  },
  {
    name: "two of a program's Redlocks on the same servers exclude each other",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const one = new Redlock(clients, once);
      const two = new Redlock(await scene.clients(3), once);
      const lock = await one.acquire([scene.key()], 5_000);
      const refused = await scene.outcome(two.acquire([scene.key()], 5_000));
      await lock.release();
      const granted = await scene.outcome(two.acquire([scene.key()], 5_000));
      return { refused, granted, stored: (await stored(clients, scene.key())).filter(Boolean).length > 1 };
    },
  },
];
