import { waitUntil } from "../../support/servers.js";
import { everywhere, foreign, gone, kind, once, refusal, stored, type V5Case } from "./face.js";
import { meant } from "./meant.js";

export const errors: readonly V5Case[] = [
  {
    name: "ExecutionError: its name, message and attempts",
    async run({ face }) {
      const error = new face.ExecutionError("the message", []);
      const { name, message, attempts } = error;
      return { name, message, attempts, error: error instanceof Error, text: String(error) };
    },
  },
  {
    name: "ResourceLockedError: its name and message",
    async run({ face }) {
      const error = new face.ResourceLockedError("the message");
      const { name, message } = error;
      return { name, message, error: error instanceof Error, text: String(error) };
    },
  },
  {
    name: "event error: a ResourceLockedError of each node that refused",
    async run(scene) {
      const { default: Redlock, ResourceLockedError } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients, once);
      await foreign(clients, scene.key());
      const heard: Error[] = [];
      redlock.on("error", (error: Error) => void heard.push(error));
      await refusal(scene, redlock.acquire([scene.key()], 5_000));
      await waitUntil("all three are heard", 2_000, () => heard.length >= 3);
      const all = heard.every((error) => error instanceof ResourceLockedError);
      return [all, [...new Set(heard.map(({ name, message }) => `${name}: ${message}`))]];
    },
  },
  {
    name: "event error: none while all goes well",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients);
      const heard: string[] = [];
      redlock.on("error", (error: Error) => void heard.push(error.message));
      const lock = await redlock.acquire([scene.key()], 5_000);
      await everywhere(clients, scene.key());
      await Promise.all((await (await lock.extend(5_000)).release()).attempts);
      await redlock.using([scene.key()], 5_000, async () => {});
      await gone(clients, scene.key());
      return heard;
    },
  },
  {
    name: "event error: a node that fails is told of, also where nothing else is wrong",
    async run(scene) {
      const { default: Redlock, ResourceLockedError } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients, once);
      const heard: Error[] = [];
      redlock.on("error", (error: Error) => {
        // Ignore cases where a resource is explicitly marked as locked on a client.
        if (error instanceof ResourceLockedError) return;
        heard.push(error);
      });
      clients[0]!.disconnect();
      const lock = await redlock.acquire([scene.key()], 5_000);
      await waitUntil("it is heard", 2_000, () => heard.length >= 1);
      return [lock.attempts.length, heard.length, /closed|not connected/i.test(heard[0]!.message)];
    },
  },
  {
    name: "event error: what a node that fails is told of with",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const redlock = new Redlock(clients, once);
      const heard: Error[] = [];
      redlock.on("error", (error: Error) => void heard.push(error));
      clients[0]!.disconnect();
      await redlock.acquire([scene.key()], 5_000).catch(() => {});
      return heard[0]?.name;
    },
    differs: {
      original: "Error",
      ours: "ClientError",
      why: meant.clientErrors,
    },
  },
  {
    name: "quit(): the connections are closed",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(3);
      const redlock = new Redlock(clients);
      await (await redlock.acquire([scene.key()], 5_000)).release();
      await redlock.quit();
      await waitUntil("they are", 2_000, () => clients.every(({ status }) => status === "end"));
      return clients.map(({ status }) => status);
    },
  },
  {
    name: "quit(): what it resolves with",
    async run(scene) {
      const { default: Redlock } = scene.face;
      return scene.outcome(new Redlock(await scene.clients(2)).quit(), (value) => value);
    },
    differs: {
      original: { value: undefined },
      ours: { value: ["OK", "OK"] },
      why: "`quit()` resolves with what the clients' own `quit()` returned, as in redlock 4.",
    },
  },
  {
    name: "quit(): a held lock is not given back",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const clients = await scene.clients(1);
      const lock = await new Redlock(clients).acquire([scene.key()], 5_000);
      await lock.redlock.quit();
      return (await stored(await scene.clients(1), scene.key()))[0] === lock.value;
    },
  },
  {
    name: "acquiring after quit()",
    async run(scene) {
      const { default: Redlock } = scene.face;
      const redlock = new Redlock(await scene.clients(1), once);
      await redlock.quit();
      return kind(redlock.acquire([scene.key()], 5_000));
    },
    differs: {
      original: "ExecutionError",
      ours: "ManagerClosedError",
      why: meant.closed,
    },
  },
  {
    name: "waiting for a lock while quit() is called",
    async run(scene) {
      const { default: Redlock, ExecutionError } = scene.face;
      const clients = await scene.clients(1);
      await foreign(clients, scene.key());
      const redlock = new Redlock(clients, { retryCount: 20, retryDelay: 20, retryJitter: 0 });
      const heard: Error[] = [];
      redlock.on("error", (error: Error) => void heard.push(error));
      const waiting = redlock.acquire([scene.key()], 5_000);
      waiting.catch(() => {});
      await waitUntil("it was refused once", 2_000, () => heard.length > 0);
      await redlock.quit();
      const attempts = await waiting.catch(
        (error) => error instanceof ExecutionError && error.attempts.length === 21,
      );
      return { outcome: await kind(waiting), "all attempts were made": attempts };
    },
    differs: {
      original: { outcome: "ExecutionError", "all attempts were made": true },
      ours: { outcome: "ManagerClosedError", "all attempts were made": false },
      why: meant.closed,
    },
  },
];
