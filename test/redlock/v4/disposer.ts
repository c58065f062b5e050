import { setTimeout as sleep } from "node:timers/promises";
import type { Case } from "../compare.js";
import { calmly, drop, gone, left, occupy, read } from "../v4-support.js";
import { counts, type Face, failure, long, once, three, told, using } from "./face.js";
import { released } from "./meant.js";

export const disposing: Case<Face>[] = [
  {
    name: "using a disposer: locked during the function, then unlocked",
    async run(scene) {
      const { redlock, clients, key } = await three(scene);
      const result = await using(redlock.disposer(key, 1_000), async (lock) => {
        const stored = await read(clients, key);
        return [lock instanceof scene.face.Lock, stored.map((value) => value === lock.value)];
      });
      return { result, after: await counts(clients, key) };
    },
  },
  {
    name: "using a disposer: extended meanwhile",
    async run(scene) {
      const { redlock, clients, key } = await three(scene);
      const result = await using(redlock.disposer(key, 1_000), async (lock) => {
        const extended = await lock.extend(5_000);
        return [extended === lock, (await left(clients, key)).map((ms) => ms > 4_000)];
      });
      return { result, after: await counts(clients, key) };
    },
  },
  {
    name: "using a disposer: what the function throws comes through, and it is unlocked",
    async run(scene) {
      const { redlock, clients, key } = await three(scene);
      const used = using(redlock.disposer(key, 1_000), () => {
        throw new TypeError("from the function");
      });
      return { used: await scene.outcome(used), after: await counts(clients, key) };
    },
  },
  {
    name: "using two disposers, of which one has several resources",
    async run(scene) {
      const { redlock, clients } = await three(scene);
      const keys = [scene.key("a"), scene.key("b"), scene.key("c")];
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
    async run(scene) {
      const { redlock, clients } = await three(scene);
      const keys = [scene.key("a"), scene.key("b")];
      const disposers = keys.map((key) => redlock.disposer(key, 1_000));
      const during = await using(disposers, async (locks) => [locks.length, await counts(clients, ...keys)]);
      return { during, after: await counts(clients, ...keys) };
    },
  },
  {
    name: "a disposer waits until it can lock",
    async run(scene) {
      const { redlock, key } = await three(scene, { ...once, retryCount: 100 });
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
    async run(scene) {
      const { redlock, clients, key } = await three(scene);
      await occupy(clients, key);
      let called = false;
      const used = using(redlock.disposer(key, 1_000), () => {
        called = true;
      });
      return { used: await failure(scene, used), called };
    },
  },
  {
    name: "using two disposers, of which one cannot lock: the other is unlocked",
    async run(scene) {
      const { redlock, clients } = await three(scene);
      const keys = [scene.key("a"), scene.key("b")];
      await occupy(clients, keys[1]!);
      const used = using(redlock.disposer(keys[0]!, long), redlock.disposer(keys[1]!, long), () => "ran");
      const result = await failure(scene, used);
      await gone(clients, keys[0]!);
      return result;
    },
  },
  {
    name: "a disposer's error handler hears that the servers could not be reached",
    async run(scene) {
      const { redlock, clients, key } = await three(scene);
      const errors: unknown[] = [];
      const disposer = redlock.disposer(key, 500, (error) => errors.push(told(scene, error)));
      const result = await using(disposer, () => {
        for (const client of clients) client.disconnect();
        return "the function's";
      });
      return { result, errors };
    },
  },
  {
    name: "a disposer without error handler ignores that the servers could not be reached",
    async run(scene) {
      const { redlock, clients, key } = await three(scene);
      let result: unknown;
      const strays = await calmly(async () => {
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
    async run(scene) {
      const { redlock, clients, key } = await three(scene);
      const errors: unknown[] = [];
      const disposer = redlock.disposer(key, 1_000, (error) => errors.push(told(scene, error)));
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
