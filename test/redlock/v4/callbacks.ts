import { waitUntil } from "../../support/servers.js";
import type { Case } from "../compare.js";
import { collectFatalErrors, occupy } from "../v4-support.js";
import { type Api, counts, errorView, type Lock, three } from "./api.js";

export const callbacks: Case<Api>[] = [
  {
    name: "lock, extend and unlock with callbacks",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      return new Promise((resolve) => {
        redlock.lock(key, 1_000, (lockError, lock) => {
          lock!.extend(5_000, (extendError, extended) => {
            extended!.unlock((unlockError, nothing) => {
              const errors = [lockError, extendError, unlockError];
              resolve(
                counts(clients, key).then((after) => ({ errors, same: extended === lock, nothing, after })),
              );
            });
          });
        });
      });
    },
  },
  {
    name: "the other calls with callbacks",
    async run(context) {
      const { redlock, key } = await three(context);
      const results: unknown[] = [];
      const note = (name: string, done: () => void) => (error: Error | null, value?: unknown) => {
        results.push([name, error, typeof value]);
        done();
      };
      const first = await new Promise<Lock>((resolve) => {
        redlock.lockWithOptions(key, 1_000, { retryCount: 1 }, (_, lock) => resolve(lock!));
      });
      await new Promise<void>((done) => redlock.extend(first, 1_000, note("extend", done)));
      await new Promise<void>((done) => redlock.unlock(first, note("unlock", done)));
      const second = await new Promise<Lock>((resolve) => {
        redlock.acquireWithOptions(key, 1_000, {}, (_, lock) => resolve(lock!));
      });
      await new Promise<void>((done) => redlock.release(second, note("release", done)));
      await new Promise<void>((done) => redlock.acquire(key, 1_000, note("acquire", done)));
      return results;
    },
  },
  {
    name: "lockWithOptions with a callback instead of options",
    async run(context) {
      const { redlock, key } = await three(context);
      return new Promise((resolve) => {
        redlock
          .lockWithOptions(key, 1_000, (error, lock) => resolve([error, lock!.attempts]))
          .catch((error: Error) => resolve(error.name));
      });
    },
  },
  {
    name: "callbacks receive failures, and nothing is unhandled",
    async run(context) {
      const { redlock, clients, key } = await three(context);
      await occupy(clients, key);
      const results: unknown[] = [];
      const strays = await collectFatalErrors(async () => {
        await new Promise<void>((done) => {
          void redlock.lock(key, 1_000, (error, lock) => {
            results.push(errorView(context, error), lock);
            done();
          });
        });
        const lock = await redlock.lock(context.key("b"), 1_000);
        await lock.unlock();
        await new Promise<void>((done) => {
          void lock.extend(1_000, (error, extended) => {
            results.push(errorView(context, error), extended);
            done();
          });
        });
      });
      return { results, strays };
    },
  },
  {
    name: "a callback is called after the call has returned, and the promise settles too",
    async run(context) {
      const { redlock, key } = await three(context);
      const order: string[] = [];
      let given: Lock | undefined;
      const promise = redlock.lock(key, 1_000, (_, lock) => {
        given = lock;
        order.push("callback");
      });
      order.push("returned");
      const lock = await promise;
      await waitUntil("it was called", 1_000, () => given !== undefined);
      await lock.unlock();
      const again = lock.extend(1_000, () => order.push("second callback"));
      order.push("second returned");
      await again.catch(() => {});
      await waitUntil("it was called", 1_000, () => order.length === 4);
      return { same: given === lock, order };
    },
  },
  {
    name: "an error of a callback reaches the process",
    async run(context) {
      const { redlock, key } = await three(context);
      const strays = await collectFatalErrors(async (messages) => {
        void redlock.lock(key, 1_000, () => {
          throw new Error("thrown by the callback");
        });
        await waitUntil("the error arrives", 2_000, () => messages.length > 0);
      });
      return strays;
    },
  },
  {
    name: "promises of bluebird",
    async run(context) {
      const { redlock, key } = await three(context);
      const promise = redlock.lock(key, 1_000) as Promise<Lock> & { tap?: unknown };
      await promise;
      return [typeof promise.then, typeof promise.finally, typeof promise.tap];
    },
    differs: {
      original: ["function", "function", "function"],
      ours: ["function", "function", "undefined"],
      why: "Calls return native promises, without the extra methods of bluebird's.",
    },
  },
];
