import { setTimeout as sleep } from "node:timers/promises";
import { waitUntil } from "../../support/servers.js";
import type { Case } from "../compare.js";
import { collectFatalErrors, count, drop, gone, left, occupy, read } from "../v4-support.js";
import { type Api, long, near, only, three } from "./api.js";

export const using: Case<Api>[] = [
  {
    name: "using: locked during the routine, then released, and the result is the routine's",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const result = await redlock.using(key, 5_000, async (lock) => {
        const mine = (await read(servers, key)).map((value) => value === lock.value);
        return [context.plain(lock.resource), Object.keys(lock).sort(), lock.ttl > Date.now(), mine];
      });
      return { result, after: await count(servers, key) };
    },
  },
  {
    name: "using: the routine's error is rethrown, and the lock is released",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const later = redlock.using(key, 5_000, () => Promise.reject(new TypeError("later")));
      const outcomes = [await context.outcome(later)];
      const atOnce = redlock.using(key, 5_000, () => {
        throw new TypeError("at once");
      });
      outcomes.push(await context.outcome(atOnce));
      return { outcomes, after: await count(servers, key) };
    },
  },
  {
    name: "using: not acquired",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      await occupy(servers, key);
      let called = false;
      const used = redlock.using(key, 5_000, () => {
        called = true;
      });
      return { used: await context.outcome(used), called };
    },
  },
  {
    name: "using: released by the routine already",
    async run(context) {
      const { redlock, servers, key, emitted } = await three(context);
      const used = redlock.using(key, 5_000, async (lock) => {
        await redlock.releaseLock(key, lock.value);
        return "the routine's";
      });
      const outcome = await context.outcome(used, (value) => value);
      return { outcome, after: await count(servers, key), emitted };
    },
  },
  {
    name: "using: renewed by the routine",
    async run(context) {
      const { redlock, servers, key } = await three(context);
      const during = await redlock.using(key, 1_000, async (lock) => {
        const renewed = await redlock.renewLock(key, lock.value, 5_000);
        return { renewed, longer: (await left(servers, key)).map(near(5_000)) };
      });
      return { during, after: await count(servers, key) };
    },
  },
  {
    name: "using: one within another",
    async run(context) {
      const { redlock, servers } = await three(context);
      const keys = [context.key("a"), context.key("b")] as const;
      const counts = () => Promise.all(keys.map((key) => count(servers, key)));
      const during = await redlock.using(keys[0], 5_000, () => redlock.using(keys[1], 5_000, counts));
      return { during, after: await counts() };
    },
  },
  {
    name: "using: a resource within itself",
    async run(context) {
      const { redlock, key } = await three(context);
      const used = redlock.using(key, 5_000, () => redlock.using(key, 5_000, () => "ran"));
      return context.outcome(used);
    },
  },
  {
    name: "using: after the routine has failed, the resource is free",
    async run(context) {
      const { redlock, key } = await three(context);
      await context.outcome(redlock.using(key, long, () => Promise.reject(new Error("failed"))));
      return redlock.using(key, long, () => "the routine's");
    },
  },
  {
    name: "using: waits for the lock",
    async run(context) {
      const { redlock, key } = await three(context, 500, 5);
      let [inside, most, total] = [0, 0, 0];
      const visit = () =>
        redlock.using(key, 5_000, async () => {
          inside += 1;
          most = Math.max(most, inside);
          const seen = total;
          await sleep(1);
          total = seen + 1;
          inside -= 1;
        });
      await Promise.all(Array.from({ length: 10 }, visit));
      return { most, total };
    },
  },
  {
    name: "using without autoExtend: the lock ends with its ttl, the routine does not",
    async run(context) {
      const { redlock, servers, key, emitted } = await three(context);
      const used = redlock.using(key, 100, async () => {
        await gone(servers, key);
        return "the routine's";
      });
      return { used: await context.outcome(used, (value) => value), renewed: only(emitted, "renewed") };
    },
  },
  {
    name: "using with autoExtend: held for as long as the routine runs, and no longer",
    async run(context) {
      const { redlock, servers, key, emitted } = await three(context);
      const renewals = () => only(emitted, "renewed").length;
      const during = await redlock.using(
        key,
        300,
        async () => {
          await waitUntil("it was renewed twice", 5_000, () => renewals() >= 2);
          return count(servers, key);
        },
        { autoExtend: true },
      );
      const then = renewals();
      await sleep(350);
      return { during, after: await count(servers, key), still: renewals() === then, event: emitted[1] };
    },
  },
  {
    name: "using with autoExtend: the loss of the lock emits an error event, and the result is kept",
    async run(context) {
      const { redlock, servers, key, emitted } = await three(context);
      const result = await redlock.using(
        key,
        300,
        async () => {
          await drop(servers, key);
          await waitUntil("the event arrives", 5_000, () => only(emitted, "error").length > 0);
          return "the routine's";
        },
        { autoExtend: true },
      );
      return { result, errors: only(emitted, "error") };
    },
  },
  {
    name: "using with autoExtend: a loss without a listener",
    async run(context) {
      const servers = await context.clients(3);
      const clients = servers.map((server) => new context.api.IoredisClient(server));
      const redlock = new context.api.Redlock(clients);
      const strays = await collectFatalErrors(async () => {
        await redlock.using(
          context.key(),
          200,
          async () => {
            await drop(servers, context.key());
            await sleep(250);
          },
          { autoExtend: true },
        );
      });
      return strays.map((message) => context.plain(message));
    },
    differs: {
      original: ["Failed to auto-extend lock for resource: a"],
      ours: [],
      why: "The error event needs no listener: in the original a failed automatic extension without one ended the process.",
    },
  },
  {
    name: "using: the routine's arguments",
    async run(context) {
      const { redlock, key } = await three(context);
      return redlock.using(key, 1_000, (_, ...rest) =>
        rest.map((given) => (given as { aborted: unknown }).aborted),
      );
    },
    differs: {
      original: [],
      ours: [false],
      why: "The routine of using gets an AbortSignal as its second argument, which is aborted when the lock is lost.",
    },
  },
];
