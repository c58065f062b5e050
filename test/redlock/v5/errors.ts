import { waitUntil } from "../../support/servers.js";
import { everywhere, gone, kind, once, refusal, setForeignKey, stored, type V5Case } from "./api.js";
import { reasons } from "./intended-differences.js";

export const errors: readonly V5Case[] = [
  {
    name: "ExecutionError: its name, message and attempts",
    async run({ api }) {
      const error = new api.ExecutionError("the message", []);
      const { name, message, attempts } = error;
      const [text, json] = [String(error), JSON.stringify(error)];
      return { name, message, attempts, error: error instanceof Error, text, json };
    },
  },
  {
    name: "ResourceLockedError: its name and message",
    async run({ api }) {
      const error = new api.ResourceLockedError("the message");
      const { name, message } = error;
      const [text, json] = [String(error), JSON.stringify(error)];
      return { name, message, error: error instanceof Error, text, json };
    },
  },
  {
    name: "event error: a ResourceLockedError of each node that refused",
    async run(context) {
      const { default: Redlock, ResourceLockedError } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients, once);
      await setForeignKey(clients, context.key());
      const emitted: Error[] = [];
      redlock.on("error", (error: Error) => void emitted.push(error));
      await refusal(context, redlock.acquire([context.key()], 5_000));
      await waitUntil("all three are emitted", 2_000, () => emitted.length >= 3);
      const all = emitted.every((error) => error instanceof ResourceLockedError);
      return [all, [...new Set(emitted.map(({ name, message }) => `${name}: ${message}`))]];
    },
  },
  {
    name: "event error: none without failures",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients);
      const emitted: string[] = [];
      redlock.on("error", (error: Error) => void emitted.push(error.message));
      const lock = await redlock.acquire([context.key()], 5_000);
      await everywhere(clients, context.key());
      await Promise.all((await (await lock.extend(5_000)).release()).attempts);
      await redlock.using([context.key()], 5_000, async () => {});
      await gone(clients, context.key());
      return emitted;
    },
  },
  {
    name: "event error: a failing node is reported, even if everything else works",
    async run(context) {
      const { default: Redlock, ResourceLockedError } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients, once);
      const emitted: Error[] = [];
      redlock.on("error", (error: Error) => {
        // Ignore cases where a resource is explicitly marked as locked on a client.
        if (error instanceof ResourceLockedError) return;
        emitted.push(error);
      });
      clients[0]!.disconnect();
      const lock = await redlock.acquire([context.key()], 5_000);
      await waitUntil("it is emitted", 2_000, () => emitted.length >= 1);
      return [lock.attempts.length, emitted.length, /closed|not connected/i.test(emitted[0]!.message)];
    },
  },
  {
    name: "event error: the error of a failing node",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const redlock = new Redlock(clients, once);
      const emitted: Error[] = [];
      redlock.on("error", (error: Error) => void emitted.push(error));
      clients[0]!.disconnect();
      await redlock.acquire([context.key()], 5_000).catch(() => {});
      return emitted[0]?.name;
    },
    differs: {
      original: "Error",
      ours: "ClientError",
      why: reasons.clientErrors,
    },
  },
  {
    name: "quit(): the connections are closed",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients);
      await (await redlock.acquire([context.key()], 5_000)).release();
      await redlock.quit();
      await waitUntil("they are", 2_000, () => clients.every(({ status }) => status === "end"));
      return clients.map(({ status }) => status);
    },
  },
  {
    name: "quit(): what it resolves with",
    async run(context) {
      const { default: Redlock } = context.api;
      return context.outcome(new Redlock(await context.clients(2)).quit(), (value) => value);
    },
    differs: {
      original: { value: undefined },
      ours: { value: ["OK", "OK"] },
      why: "`quit()` resolves with what the clients' own `quit()` returned, as in redlock 4.",
    },
  },
  {
    name: "quit(): a held lock is not released",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const lock = await new Redlock(clients).acquire([context.key()], 5_000);
      await lock.redlock.quit();
      return (await stored(await context.clients(1), context.key()))[0] === lock.value;
    },
  },
  {
    name: "acquiring after quit()",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1), once);
      await redlock.quit();
      return kind(redlock.acquire([context.key()], 5_000));
    },
    differs: {
      original: "ExecutionError",
      ours: "ManagerClosedError",
      why: reasons.closed,
    },
  },
  {
    name: "waiting for a lock while quit() is called",
    async run(context) {
      const { default: Redlock, ExecutionError } = context.api;
      const clients = await context.clients(1);
      await setForeignKey(clients, context.key());
      const redlock = new Redlock(clients, { retryCount: 20, retryDelay: 20, retryJitter: 0 });
      const emitted: Error[] = [];
      redlock.on("error", (error: Error) => void emitted.push(error));
      const waiting = redlock.acquire([context.key()], 5_000);
      waiting.catch(() => {});
      await waitUntil("it was refused once", 2_000, () => emitted.length > 0);
      await redlock.quit();
      const attempts = await waiting.catch(
        (error) => error instanceof ExecutionError && error.attempts.length === 21,
      );
      return { outcome: await kind(waiting), "all attempts were made": attempts };
    },
    differs: {
      original: { outcome: "ExecutionError", "all attempts were made": true },
      ours: { outcome: "ManagerClosedError", "all attempts were made": false },
      why: reasons.closed,
    },
  },
];
