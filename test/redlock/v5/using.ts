import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { waitUntil } from "../../support/servers.js";
import {
  aborted,
  everywhere,
  gone,
  noQuorumOutcome,
  once,
  setForeignKey,
  stored,
  type V5Case,
  votesOf,
} from "./api.js";
import { reasons } from "./intended-differences.js";

/**
 * A setting with which a lock is extended soon after the acquisition, and lost half a second after its key vanished.
 */
const short = { ...once, automaticExtensionThreshold: 200 } as const;

export const using: readonly V5Case[] = [
  {
    name: "using(resources, duration, routine): its value, held meanwhile and then released",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const resources = [context.key("sender"), context.key("recipient")];
      const value = await new Redlock(clients).using(resources, 5_000, async (signal) => {
        for (const resource of resources) await everywhere(clients, resource);
        if (signal.aborted) throw signal.error;
        return "the routine's value";
      });
      for (const resource of resources) await gone(clients, resource);
      return value;
    },
  },
  {
    name: "using(resources, duration, settings, routine)",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      return redlock.using([context.key()], 5_000, { retryCount: 5 }, async () => "the routine's value");
    },
  },
  {
    name: "the routine receives the signal, and nothing else",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      return redlock.using([context.key()], 5_000, async (...given) => {
        const [signal] = given;
        return [given.length, signal instanceof AbortSignal, signal.aborted, signal.error];
      });
    },
  },
  {
    name: "a routine without a promise",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      const routine = (() => 42) as unknown as () => Promise<number>;
      return redlock.using([context.key()], 5_000, routine);
    },
  },
  {
    name: "a routine that fails: its error, and the lock is released",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const error = new RangeError("Insufficient balance.");
      const result = new Redlock(clients).using([context.key()], 5_000, async () => {
        throw error;
      });
      const same = await result.catch((caught) => caught === error);
      await gone(clients, context.key());
      return { same, outcome: await context.outcome(result) };
    },
  },
  {
    name: "a lock that cannot be acquired: the routine is not called",
    async run(context) {
      const { default: Redlock, ExecutionError } = context.api;
      const clients = await context.clients(1);
      await setForeignKey(clients, context.key());
      let called = false;
      const settings = { retryCount: 2, retryDelay: 5, retryJitter: 0 };
      const result = new Redlock(clients).using([context.key()], 5_000, settings, async () => {
        called = true;
      });
      const attempts = await result.catch(
        (error) => error instanceof ExecutionError && error.attempts.length,
      );
      return { outcome: await context.outcome(result), called, attempts };
    },
  },
  {
    name: "one using within another, of the same resource",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      const resources = [context.key()];
      return redlock.using(resources, 5_000, () =>
        context.outcome(redlock.using(resources, 5_000, once, async () => "inner")),
      );
    },
  },
  {
    name: "concurrent usings of one resource run one after the other",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(3), {
        retryCount: -1,
        retryDelay: 10,
        retryJitter: 5,
      });
      const seen: string[] = [];
      const turn = (name: string) =>
        redlock.using([context.key()], 5_000, async () => {
          seen.push("in");
          await Promise.resolve();
          seen.push("out");
          return name;
        });
      return { values: await Promise.all([turn("1"), turn("2"), turn("3")]), seen };
    },
  },
  {
    name: "a fractional duration is refused by using",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      return context.outcome(redlock.using([context.key()], 5_000.5, async () => {}));
    },
  },
  {
    name: "using without a routine is refused",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      const none = undefined as unknown as () => Promise<void>;
      return [
        await context.outcome(redlock.using([context.key()], 5_000, none)),
        await context.outcome(redlock.using([context.key()], 5_000, {})),
      ];
    },
  },
  {
    name: "automaticExtensionThreshold: the duration must be 100 ms more",
    async run(context) {
      const { default: Redlock } = context.api;
      const redlock = new Redlock(await context.clients(1));
      const narrow = new Redlock(await context.clients(1), { automaticExtensionThreshold: 1_000 });
      const routine = async () => "done";
      const resources = [context.key()];
      return [
        await context.outcome(redlock.using(resources, 599, routine)),
        await context.outcome(redlock.using(resources, 600, routine)),
        await context.outcome(narrow.using(resources, 1_099, routine)),
        await context.outcome(redlock.using(resources, 300, { automaticExtensionThreshold: 201 }, routine)),
        await context.outcome(redlock.using(resources, 300, { automaticExtensionThreshold: 200 }, routine)),
      ];
    },
  },
  {
    name: "the lock is extended for as long as the routine runs",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(3);
      const redlock = new Redlock(clients);
      return redlock.using([context.key()], 600, { automaticExtensionThreshold: 400 }, async (signal) => {
        const values = new Set<string | null>();
        const until = performance.now() + 1_300;
        await waitUntil("two durations are over", 5_000, async () => {
          for (const value of await stored(clients.slice(0, 1), context.key())) values.add(value);
          return performance.now() > until;
        });
        return { aborted: signal.aborted, values: values.size, missing: values.has(null) };
      });
    },
  },
  {
    name: "automaticExtensionThreshold: how early the lock is extended",
    async run(context) {
      const { default: Redlock } = context.api;
      const [client] = (await context.clients(1)) as [Redis];
      const redlock = new Redlock([client]);
      return redlock.using([context.key()], 5_000, { automaticExtensionThreshold: 4_800 }, async (signal) => {
        let least = Number.POSITIVE_INFINITY;
        await waitUntil("the key's ttl grew", 3_000, async () => {
          const left = await client.pttl(context.key());
          if (left > least + 20) return true;
          least = Math.min(least, left);
          return false;
        });
        return { aborted: signal.aborted, early: least > 4_000 };
      });
    },
  },
  {
    name: "a threshold of less than half of the duration",
    async run(context) {
      const { default: Redlock } = context.api;
      const [client] = (await context.clients(1)) as [Redis];
      const redlock = new Redlock([client]);
      return redlock.using([context.key()], 1_000, { automaticExtensionThreshold: 100 }, async () => {
        let least = Number.POSITIVE_INFINITY;
        await waitUntil("the key's ttl grew", 3_000, async () => {
          const left = await client.pttl(context.key());
          if (left > least + 20) return true;
          least = Math.min(least, left);
          return false;
        });
        return least > 300 ? "extended before" : "extended then";
      });
    },
    differs: {
      original: "extended then",
      ours: "extended before",
      why: "`using` extends a lock when half of its validity is over, or earlier if `automaticExtensionThreshold` says so.",
    },
  },
  {
    name: "the key vanished: the signal is aborted, with the reason",
    async run(context) {
      const { default: Redlock, ExecutionError } = context.api;
      const clients = await context.clients(3);
      let seen: unknown;
      const result = new Redlock(clients, once).using([context.key()], 500, short, async (signal) => {
        await everywhere(clients, context.key());
        for (const client of clients) await client.del(context.key());
        const before = signal.aborted;
        await aborted(signal);
        seen = [before, signal.aborted, signal.error instanceof ExecutionError];
      });
      await result.catch(() => {});
      return seen;
    },
  },
  {
    name: "signal.error: the attempts to extend the lock",
    async run(context) {
      const { default: Redlock, ExecutionError } = context.api;
      const clients = await context.clients(1);
      const redlock = new Redlock(clients, { retryCount: 1, retryDelay: 300, retryJitter: 0 });
      let votes: unknown;
      const result = redlock.using([context.key()], 500, short, async (signal) => {
        await clients[0]!.del(context.key());
        await aborted(signal);
        const { error } = signal;
        votes = error instanceof ExecutionError && (await votesOf(context, error.attempts, clients)).at(-1);
      });
      await result.catch(() => {});
      return votes;
    },
  },
  {
    name: "another program acquired the lock: the signal is aborted, and that lock is kept",
    async run(context) {
      const { default: Redlock, ExecutionError } = context.api;
      const clients = await context.clients(3);
      let seen: unknown;
      const result = new Redlock(clients, once).using([context.key()], 500, short, async (signal) => {
        await everywhere(clients, context.key());
        await setForeignKey(clients, context.key());
        await aborted(signal);
        seen = signal.error instanceof ExecutionError;
      });
      await result.catch(() => {});
      return [seen, await stored(clients, context.key())];
    },
  },
  {
    name: "throw signal.error, as the README has it",
    async run(context) {
      const { default: Redlock, ExecutionError } = context.api;
      const clients = await context.clients(1);
      const result = new Redlock(clients, once).using([context.key()], 500, short, async (signal) => {
        await clients[0]!.del(context.key());
        await aborted(signal);
        if (signal.aborted) throw signal.error;
      });
      return result.catch((error) => error instanceof ExecutionError);
    },
  },
  {
    name: "the key vanished, and the routine has a value",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const result = new Redlock(clients, once).using([context.key()], 5_000, async () => {
        await clients[0]!.del(context.key());
        return "what the routine saved";
      });
      return context.outcome(result, (value) => value);
    },
    differs: {
      original: noQuorumOutcome,
      ours: { value: "what the routine saved" },
      why: reasons.kept,
    },
  },
  {
    name: "the signal was aborted, and the routine has a value",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const result = new Redlock(clients, once).using([context.key()], 500, short, async (signal) => {
        await clients[0]!.del(context.key());
        await aborted(signal);
        return "what the routine saved";
      });
      return context.outcome(result, (value) => value);
    },
    differs: {
      original: noQuorumOutcome,
      ours: { value: "what the routine saved" },
      why: reasons.kept,
    },
  },
  {
    name: "the key vanished, and the routine fails",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const result = new Redlock(clients, once).using([context.key()], 5_000, async () => {
        await clients[0]!.del(context.key());
        throw new RangeError("Insufficient balance.");
      });
      return context.outcome(result);
    },
    differs: {
      original: noQuorumOutcome,
      ours: { error: "RangeError", message: "Insufficient balance." },
      why: reasons.kept,
    },
  },
  {
    name: "all nodes down when the routine is done",
    async run(context) {
      const { default: Redlock } = context.api;
      const clients = await context.clients(1);
      const result = new Redlock(clients, once).using([context.key()], 5_000, async () => {
        clients[0]!.disconnect();
        return "what the routine saved";
      });
      return context.outcome(result, (value) => value);
    },
    differs: {
      original: noQuorumOutcome,
      ours: { value: "what the routine saved" },
      why: reasons.kept,
    },
  },
  {
    name: "the node hangs: the signal is aborted when the lock expires",
    async run(context) {
      const { default: Redlock } = context.api;
      const servers = await context.ownServers(1);
      const redlock = new Redlock(await context.clientsOf(servers), once);
      let inTime = false;
      const result = redlock.using([context.key()], 500, short, async (signal) => {
        await servers[0]!.suspend();
        await Promise.race([aborted(signal), sleep(900)]);
        inTime = signal.aborted;
        return "what the routine saved";
      });
      return { result: await context.outcomeWithin(1_200, result, (value) => value), inTime };
    },
    differs: {
      original: { result: "still pending", inTime: false },
      ours: { result: { value: "what the routine saved" }, inTime: true },
      why: "The signal of `using` is aborted when the lock's time is over, even if no node answers.",
    },
  },
];
