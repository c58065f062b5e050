import { setTimeout as sleep } from "node:timers/promises";
import type { Case } from "../compare.js";
import { collectFatalErrors, drop, gone, left, occupy, read } from "../v4-support.js";
import { type Api, counts, errorView, failure, long, once, three, using } from "./api.js";
import { released } from "./intended-differences.js";

export const disposing: Case<Api>[] = [
  {
    name: "using a disposer: locked during the function, then unlocked",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const result = await using(redlock.disposer(key, 1_000), async (lock) => {
        const stored = await read(clients, key);
        return [lock instanceof context.api.Lock, stored.map((value) => value === lock.value)];
      });
      return { result, after: await counts(clients, key) };
    },
  },
  {
    name: "using a disposer: extended meanwhile",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const result = await using(redlock.disposer(key, 1_000), async (lock) => {
        const extended = await lock.extend(5_000);
        return [extended === lock, (await left(clients, key)).map((ms) => ms > 4_000)];
      });
      return { result, after: await counts(clients, key) };
    },
  },
  {
    name: "using a disposer: the function's error is rethrown, and the lock is unlocked",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const used = using(redlock.disposer(key, 1_000), () => {
        throw new TypeError("from the function");
      });
      return { used: await context.outcome(used), after: await counts(clients, key) };
    },
  },
  {
    name: "using two disposers, of which one has several resources",
    async run(context) {
      const { redlock, clients } = await three(context);
      const keys = [context.key("a"), context.key("b"), context.key("c")];
      const during = await using(
        redlock.disposer(keys[0]!, 1_000),
        redlock.disposer(keys.slice(1), 1_000),
        async (one, two) => [one.resource.length, two.resource.length, await counts(clients, ...keys)],
      );
      return { during, after: await counts(clients, ...keys) };
    },
  },
  {
    name: "using a list of disposers",
    async run(context) {
      const { redlock, clients } = await three(context);
      const keys = [context.key("a"), context.key("b")];
      const disposers = keys.map((key) => redlock.disposer(key, 1_000));
      const during = await using(disposers, async (locks) => [locks.length, await counts(clients, ...keys)]);
      return { during, after: await counts(clients, ...keys) };
    },
  },
  {
    name: "a disposer waits until it can lock",
    async run(context) {
      const { redlock, key } = await three(context, { ...once, retryCount: 100 });
      const order: number[] = [];
      const use = (number: number) =>
        using(redlock.disposer(key, 5_000), async () => {
          order.push(number);
          await sleep(5);
          order.push(number);
        });
      await Promise.all([use(1), use(2), use(3)]);
      return order.every((number, index) => number === order[index - (index % 2)]);
    },
  },
  {
    name: "using a disposer that cannot lock",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      await occupy(clients, key);
      let called = false;
      const used = using(redlock.disposer(key, 1_000), () => {
        called = true;
      });
      return { used: await failure(context, used), called };
    },
  },
  {
    name: "using two disposers, of which one cannot lock: the other is unlocked",
    async run(context) {
      const { redlock, clients } = await three(context);
      const keys = [context.key("a"), context.key("b")];
      await occupy(clients, keys[1]!);
      const used = using(redlock.disposer(keys[0]!, long), redlock.disposer(keys[1]!, long), () => "ran");
      const result = await failure(context, used);
      await gone(clients, keys[0]!);
      return result;
    },
  },
  {
    name: "a disposer's error handler is called when the servers could not be reached",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const errors: unknown[] = [];
      const disposer = redlock.disposer(key, 500, (error) => errors.push(errorView(context, error)));
      const result = await using(disposer, () => {
        for (const client of clients) client.disconnect();
        return "the function's";
      });
      return { result, errors };
    },
  },
  {
    name: "a disposer without error handler ignores unreachable servers",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      let result: unknown;
      const strays = await collectFatalErrors(async () => {
        result = await using(redlock.disposer(key, 500), () => {
          for (const client of clients) client.disconnect();
          return "the function's";
        });
      });
      return { result, strays };
    },
  },
  {
    name: "a disposer's error handler and a lock that vanished",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      const errors: unknown[] = [];
      const disposer = redlock.disposer(key, 1_000, (error) => errors.push(errorView(context, error)));
      const result = await using(disposer, async () => {
        await drop(clients, key);
        return "the function's";
      });
      return { result, errors };
    },
    differs: {
      original: {
        result: "the function's",
        errors: [{ name: "LockError", message: 'Unable to fully release the lock on resource "a".' }],
      },
      ours: { result: "the function's", errors: [] },
      why: released,
    },
  },
];
