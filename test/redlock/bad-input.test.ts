import { beforeEach, describe, expect, it } from "vitest";
import { isHoldfastError } from "../../src/index.js";
import { Redlock } from "../../src/redlock.js";
import { RedlockWorld } from "./world.js";

let world: RedlockWorld;
let redlock: Redlock;
beforeEach(() => {
  world = new RedlockWorld();
  redlock = world.redlock({ retryCount: 0 });
});

/** Untyped values, as JavaScript programs may pass them. */
const anything = (value: unknown) => value as never;

const rejects = async (call: Promise<unknown>, message: string | RegExp) => {
  const error = await world.caught(call);
  if (typeof message === "string") expect(error.message).toBe(message);
  else expect(error.message).toMatch(message);
  // No request was sent, so the lock is free on every node.
  expect(await world.holders("a")).toEqual([false, false, false]);
  return error;
};

describe("options of the constructor", () => {
  it.each([
    [{ retryCount: "3" }, 'retryCount must be an integer from 0, or Infinity or -1 for no end; got "3"'],
    [{ retryCount: -2 }, "retryCount must be"],
    [{ retryCount: 1.5 }, "retryCount must be"],
    [{ retryDelay: -1 }, "retryDelay must be a finite number of ms, at least 0; got -1"],
    [{ retryDelay: Number.NaN }, "retryDelay must be"],
    [{ retryDelay: null }, "retryDelay must be"],
    [{ retryJitter: Number.POSITIVE_INFINITY }, "retryJitter must be"],
    [{ driftFactor: 1 }, "driftFactor must be a number from 0 to less than 1; got 1"],
    [{ automaticExtensionThreshold: "500" }, "automaticExtensionThreshold must be"],
    [{ retryjitter: 5 }, "retryjitter must be left out: known are driftFactor, retryCount, retryDelay"],
    [{ nodeTimeout: 0 }, "nodeTimeout must be"],
    [{ lockScript: (script: string) => script }, "lockScript must be left out: what a lock is on its nodes"],
    [{ unlockScript: "return 1" }, "unlockScript must be left out"],
    [[], "settings must be an object"],
    ["3", "settings must be an object"],
  ])("%j", (options, message) => {
    expect(() => new Redlock(world.nodes, anything(options))).toThrow(message);
  });

  it("as node-redlock has them", () => {
    expect(() => new Redlock(world.nodes, 3, -200)).toThrow("retryDelay must be");
    expect(() => new Redlock(world.nodes, 3, 200, 1)).toThrow("driftFactor must be");
    expect(() => new Redlock(world.nodes, undefined, undefined, 2)).toThrow("driftFactor must be");
  });

  it("custom scripts are refused by name; an empty scripts argument is not", () => {
    const acquireScript = (script: string) => script;
    expect(() => new Redlock(world.nodes, {}, { acquireScript })).toThrow("acquireScript must be left out");
    expect(() => new Redlock(world.nodes, {}, anything("return 1"))).toThrow("scripts must be left out");
    expect(new Redlock(world.nodes, undefined, {})).toBeInstanceOf(Redlock);
    expect(new Redlock(world.nodes, { retryCount: undefined as never })).toMatchObject({ retryCount: 10 });
  });
});

describe("durations", () => {
  const whole = "Duration must be an integer value in milliseconds.";
  it.each([1.5, Number.NaN, "1000", undefined])("of redlock 5 must be whole: %j", async (duration) => {
    await rejects(redlock.acquire(["a"], anything(duration)), whole);
    await rejects(
      redlock.using(["a"], anything(duration), async () => {}),
      whole,
    );
    const lock = await world.run(redlock.acquire(["b"], 1_000));
    await rejects(lock.extend(anything(duration)), whole);
  });

  it.each([0, -1, Number.MAX_SAFE_INTEGER + 2, Number.POSITIVE_INFINITY])(
    "must be from 1 to Number.MAX_SAFE_INTEGER: %j",
    async (ttl) => {
      const message = /^ttl must be an integer from 1 to Number.MAX_SAFE_INTEGER, in ms; got/;
      await rejects(redlock.lock("a", ttl), message);
      await rejects(redlock.acquireLock("a", ttl), message);
      await rejects(redlock.tryAcquire("a", "v", ttl), message);
      await rejects(redlock.renewLock("a", "v", ttl), message);
    },
  );

  it.each([0, -1, Number.MAX_SAFE_INTEGER + 2, Number.POSITIVE_INFINITY])(
    "are called `duration` in the errors of redlock 5: %j",
    async (duration) => {
      const message = /^duration must be an integer from 1 to Number.MAX_SAFE_INTEGER, in ms; got/;
      await rejects(redlock.acquire(["a"], duration), message);
      const lock = await world.run(redlock.acquire(["b"], 1_000));
      await rejects(lock.extend(duration), message);
    },
  );

  it.each([1.5, "1000", null, undefined])("of the other two must be whole numbers: %j", async (ttl) => {
    await rejects(redlock.lock("a", anything(ttl)), /^ttl must be an integer/);
    await rejects(redlock.acquireLock("a", anything(ttl)), /^ttl must be an integer/);
    await rejects(
      redlock.using("a", anything(ttl), async () => {}),
      /^ttl must be an integer/,
    );
    const lock = await world.run(redlock.lock("b", 1_000));
    await rejects(lock.extend(anything(ttl)), /^ttl must be an integer/);
  });

  it("of Number.MAX_SAFE_INTEGER ms are held", async () => {
    const lock = await world.run(redlock.acquire(["a"], Number.MAX_SAFE_INTEGER));
    expect(redlock.handle(lock)?.state).toBe("held");
    await world.run(lock.release());
  });
});

describe("`using`", () => {
  it("as in redlock 5", async () => {
    await rejects(redlock.using(["a"], 1_000, anything(undefined)), "INVARIANT: routine is not a function.");
    await rejects(
      redlock.using(["a"], 599, async () => {}),
      "A lock `duration` must be at least 100ms greater than the `automaticExtensionThreshold` setting.",
    );
  });

  it("as in node-redlock", async () => {
    await rejects(redlock.using("a", 1_000, anything(5)), "routine must be a function; got 5");
    await world.run(world.redlock().acquireLock("b", 1_000));
    await rejects(
      redlock.using("b", 1_000, async () => {}),
      "Failed to acquire lock for resource: b",
    );
  });
});

describe("resources and values", () => {
  it.each([undefined, null, "", 7, {}])("that are invalid: %j", async (resource) => {
    const message = /^resources? must be a non-empty string/;
    await rejects(redlock.lock(anything(resource), 1_000), message);
    await rejects(redlock.acquire(anything(resource), 1_000), message);
    await rejects(redlock.acquire([anything(resource)], 1_000), message);
    await rejects(redlock.acquireLock(anything(resource), 1_000), message);
    await rejects(redlock.renewLock(anything(resource), "v", 1_000), message);
    await rejects(redlock.releaseLock(anything(resource), "v"), message);
  });

  it("an empty list", async () => {
    await rejects(redlock.acquire([], 1_000), /^resources must be a non-empty string, or a list of them/);
    await rejects(redlock.lock([], 1_000), /^resources must be a non-empty string, or a list of them/);
  });

  it.each([undefined, "", 7])("invalid values, without showing other values: %j", async (value) => {
    const message = /^value must be the non-empty string that is stored in the lock's keys; got/;
    await rejects(redlock.tryAcquire("a", anything(value), 1_000), message);
    await rejects(redlock.renewLock("a", anything(value), 1_000), message);
    await rejects(redlock.releaseLock("a", anything(value)), message);
  });

  it.each([undefined, null, {}, "lock"])("invalid locks: %j", async (lock) => {
    const given = anything(lock);
    for (const call of [
      () => redlock.unlock(given),
      () => redlock.release(given),
      () => redlock.extend(given, 1_000),
    ]) {
      const error = await world.caught(call());
      expect(isHoldfastError(error, "INVALID_OPTION")).toBe(true);
      expect(error.message).toMatch(/^lock must be a lock/);
    }
  });
});

it("a retry strategy that is not a function, or returns no ms", async () => {
  await rejects(
    redlock.acquireLockWithCustomRetry("a", 1_000, anything(5)),
    /^retryStrategy must be a function/,
  );
  await world.run(world.redlock().acquireLock("b", 10_000));
  const manyAttempts = world.redlock();
  await rejects(
    manyAttempts.acquireLockWithCustomRetry("b", 1_000, () => anything("100")),
    /^retryStrategy must be a function that returns ms/,
  );
  await rejects(
    manyAttempts.acquireLockWithCustomRetry("b", 1_000, () => {
      throw new RangeError("mine");
    }),
    "mine",
  );
});

it("settings of a call are checked as those of the constructor", async () => {
  const settings = anything({ retryCount: "1" });
  await rejects(redlock.acquire(["a"], 1_000, settings), /^retryCount must be/);
  await rejects(redlock.lockWithOptions("a", 1_000, settings), /^retryCount must be/);
  await rejects(
    redlock.using(["a"], 1_000, settings, async () => {}),
    /^retryCount must be/,
  );
});

it("everything after quit", async () => {
  await world.run(redlock.quit());
  const message = "these locks are closed: nothing is acquired, extended or released through them any more";
  await rejects(redlock.acquire(["a"], 1_000), message);
  await rejects(redlock.lock("a", 1_000), message);
  await rejects(redlock.acquireLock("a", 1_000), message);
  await rejects(redlock.releaseLock("a", "v"), message);
});
