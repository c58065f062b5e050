import { EventEmitter, once } from "node:events";
import { beforeEach, describe, expect, it } from "vitest";
import { memoryNode } from "../../src/index.js";
import Redlock, * as entry from "../../src/redlock.js";
import { RedlockWorld } from "./world.js";

let world: RedlockWorld;
let redlock: Redlock;
beforeEach(() => {
  world = new RedlockWorld();
  redlock = world.redlock({ retryCount: 1, retryDelay: 10 });
});

const own = (lock: object) => Object.keys(lock).sort();

describe("which package a call behaves as", () => {
  const plain = ["resource", "ttl", "value"];
  const redlock4Keys = ["attempts", "attemptsRemaining", "expiration", "resource", "value"];
  const redlock5Keys = ["expiration", "resources", "value"];

  it.each([
    ["acquireLock", plain, () => redlock.acquireLock("a", 1_000)],
    ["acquireLockWithCustomRetry", plain, () => redlock.acquireLockWithCustomRetry("a", 1_000, () => 1)],
    ["lock", redlock4Keys, () => redlock.lock("a", 1_000)],
    ["lock, several", redlock4Keys, () => redlock.lock(["a", "b"], 1_000)],
    ["lockWithOptions", redlock4Keys, () => redlock.lockWithOptions("a", 1_000, {})],
    ["lockWithOptions, without them", redlock4Keys, () => redlock.lockWithOptions("a", 1_000, () => {})],
    ["acquire(string)", redlock4Keys, () => redlock.acquire("a", 1_000)],
    ["acquire(array, callback)", redlock4Keys, () => redlock.acquire(["a"], 1_000, () => {})],
    ["acquireWithOptions", redlock4Keys, () => redlock.acquireWithOptions(["a"], 1_000, {})],
    ["acquire(array)", redlock5Keys, () => redlock.acquire(["a"], 1_000)],
    ["acquire(array, settings)", redlock5Keys, () => redlock.acquire(["a"], 1_000, { retryCount: 0 })],
  ])("%s", async (_, properties, call) => {
    const lock = await world.run<object | null>(call());
    expect(own(lock as object)).toEqual(properties);
    expect(lock).toBeInstanceOf(entry.Lock);
  });

  it("`using` is recognised by its first argument, or by the position of its routine", async () => {
    const seen = (value: unknown) => (value instanceof AbortSignal ? "signal" : own(value as object).join());
    const settings = { automaticExtensionThreshold: 0 };
    const calls = [
      redlock.using("a", 1_000, async (first) => seen(first)),
      redlock.using("b", 1_000, async (first) => seen(first), { autoExtend: false }),
      redlock.using(["c"], 1_000, async (first) => seen(first)),
      redlock.using(["d"], 1_000, settings, async (first) => seen(first)),
      redlock.using("e" as unknown as string[], 1_000, settings, async (first) => seen(first)),
    ];
    expect(await world.run(Promise.all(calls))).toEqual([
      "resource,ttl,value",
      "resource,ttl,value",
      "signal",
      "signal",
      "signal",
    ]);
  });

  it("`extend` and `release` go by the lock", async () => {
    const redlock4Lock = await world.run(redlock.lock("a", 1_000));
    const redlock5Lock = await world.run(redlock.acquire(["b"], 1_000));
    const simple = (await world.run(redlock.acquireLock("c", 1_000)))!;
    expect(await world.run(redlock.extend(redlock4Lock, 2_000))).toBe(redlock4Lock);
    expect(own(await world.run(redlock.extend(redlock5Lock, 2_000)))).toEqual([
      "expiration",
      "resources",
      "value",
    ]);
    expect(redlock5Lock.expiration).toBe(0);
    expect(own(await world.run(redlock.extend(simple, 2_000)))).toContain("resources");
    expect(await world.run(redlock.release(redlock4Lock))).toBeUndefined();
    expect(await world.run(redlock.release(redlock5Lock))).toHaveProperty("attempts");
    expect(await world.run(redlock.release(simple))).toHaveProperty("attempts");
    for (const resource of ["a", "b", "c"]) {
      expect(await world.holders(resource)).toEqual([false, false, false]);
    }
  });

  it("each takes `retryCount` as its package does: of attempts in node-redlock, of retries in the others", async () => {
    await world.run(world.redlock().acquireLock("a", 60_000));
    const attempts = async (call: (redlock: Redlock) => Promise<unknown>, ...options: unknown[]) => {
      const fresh = new Redlock(world.nodes, ...(options as []));
      let count = 0;
      fresh.locks.on("retrying", () => count++);
      fresh.locks.on("failed", () => count++);
      await call(fresh).catch(() => {});
      return count;
    };
    const fast = { retryDelay: 1, retryJitter: 0 };
    expect(await attempts((fresh) => fresh.acquireLock("a", 100), 2, 1)).toBe(2);
    expect(await attempts((fresh) => fresh.acquireLock("a", 100), { retryCount: 2, ...fast })).toBe(2);
    expect(await attempts((fresh) => fresh.lock("a", 100), { retryCount: 2, ...fast })).toBe(3);
    expect(await attempts((fresh) => fresh.acquire(["a"], 100), { retryCount: 2, ...fast })).toBe(3);
    expect(await attempts((fresh) => fresh.acquire(["a"], 100), 2, 1)).toBe(3);
    expect(await attempts((fresh) => fresh.acquire(["a"], 100, { retryCount: 0 }), 2, 1)).toBe(1);
  });

  it("accepts a lock from another process as plain data: with `resource` as redlock 4", async () => {
    const elsewhere = world.redlock();
    const expiration = world.clock.wall() + 500;
    const redlock4Lock = await world.run(redlock.lock("a", 1_000));
    const parts = { resource: "a", value: redlock4Lock.value, expiration } as unknown as entry.ClassicLock;
    expect(await world.run(elsewhere.extend(parts, 2_000))).toBe(parts);
    expect(parts.expiration).toBeGreaterThan(expiration);
    await world.run(elsewhere.unlock(parts));
    const redlock5Lock = await world.run(redlock.acquire(["b"], 1_000));
    const others = { resources: ["b"], value: redlock5Lock.value, expiration } as unknown as entry.Lock;
    const extended = await world.run(elsewhere.extend(others, 2_000));
    expect(others.expiration).toBe(0);
    expect(await world.run(extended.release())).toHaveProperty("attempts");
    expect(await world.holders("a")).toEqual([false, false, false]);
    expect(await world.holders("b")).toEqual([false, false, false]);
  });

  it("accepts a lock made by hand with the constructor of either package", async () => {
    const { value } = await world.run(redlock.acquire(["a"], 1_000));
    const expiration = world.clock.wall() + 500;
    const redlock4Lock = new entry.Lock(redlock, "a", value, expiration, 1);
    expect(await world.run(redlock4Lock.extend(2_000))).toBe(redlock4Lock);
    expect(redlock4Lock).toMatchObject({ attempts: 1, resources: ["a"] });
    const redlock5Lock = new entry.Lock(redlock, ["a"], value, [], expiration);
    expect(await world.run(redlock5Lock.extend(2_000))).not.toBe(redlock5Lock);
    expect(redlock5Lock).toMatchObject({ attempts: [], expiration: 0 });
  });
});

describe("events", () => {
  it("of node-redlock come as documented", async () => {
    const emitted: unknown[] = [];
    for (const name of ["acquired", "renewed", "released"] as const) {
      redlock.on(name, ({ resource, ttl }: { resource: string; ttl: number }) => {
        emitted.push([name, resource, ttl > 10_000 ? "time" : ttl]);
      });
    }
    const lock = (await world.run(redlock.acquireLock("a", 1_000)))!;
    await world.run(redlock.renewLock("a", lock.value, 2_000));
    await world.run(redlock.releaseLock("a", lock.value));
    expect(emitted).toEqual([
      ["acquired", "a", "time"],
      ["renewed", "a", 2_000],
      ["released", "a", 0],
    ]);
  });

  it("name the failed node, as clientError or, in the calls of redlock 5, as error", async () => {
    world.node(0).crash();
    const emitted: string[] = [];
    redlock.on("clientError", (error) => emitted.push(`clientError ${error.name} ${error.message}`));
    redlock.on("error", (error) => emitted.push(`error ${error.name} ${error.message}`));
    await world.run(redlock.acquireLock("a", 1_000));
    await world.run(redlock.lock("b", 1_000));
    await world.run(redlock.acquire(["c"], 1_000));
    expect(emitted).toEqual([
      "clientError ClientError node-0: node-0 crashed",
      "clientError ClientError node-0: node-0 crashed",
      "error ClientError node-0: node-0 crashed",
    ]);
  });

  it("isolate listeners that throw, and need no listener", async () => {
    const thrown: unknown[] = [];
    const careful = world.redlock({ onListenerError: (error) => thrown.push(error), retryCount: 0 });
    await world.run(redlock.acquire(["a"], 5_000));
    expect(await world.caught(careful.acquire(["a"], 1_000))).toMatchObject({ name: "ExecutionError" });
    let emitted = 0;
    careful.on("error", () => {
      throw new Error("mine");
    });
    careful.on("error", () => emitted++);
    expect(await world.caught(careful.acquire(["a"], 1_000))).toMatchObject({ name: "ExecutionError" });
    expect(emitted).toBe(3);
    expect(thrown).toEqual([new Error("mine"), new Error("mine"), new Error("mine")]);
  });

  it("are those of an EventEmitter of Node", async () => {
    expect(redlock).toBeInstanceOf(EventEmitter);
    const acquired = once(redlock, "acquired");
    const lock = await world.run(redlock.acquireLock("a", 1_000));
    expect(await acquired).toEqual([lock]);
  });
});

describe("callbacks", () => {
  const called = (call: (callback: (...given: unknown[]) => void) => Promise<unknown>) =>
    new Promise<unknown[]>((resolve) => {
      let returned = false;
      void call((...given) => resolve([returned, ...given]));
      returned = true;
    });

  it("are called later, with null and the value, or with the error alone", async () => {
    const locked = await world.run(called((callback) => redlock.lock("a", 1_000, callback)));
    expect(locked).toMatchObject([true, null, { resource: ["a"] }]);
    const failed = await world.run(called((callback) => redlock.lock("a", 1_000, callback)));
    expect(failed).toMatchObject([true, { name: "LockError", attempts: 2 }]);
    const lock = locked[2] as entry.ClassicLock;
    expect(await world.run(called((callback) => lock.extend(2_000, callback)))).toEqual([true, null, lock]);
    expect(await world.run(called((callback) => lock.unlock(callback)))).toEqual([true, null, undefined]);
    expect(await world.run(called((callback) => redlock.quit(callback)))).toMatchObject([true, null, {}]);
  });
});

describe("the handle of a lock", () => {
  it("is a Holdfast state machine", async () => {
    const states: string[] = [];
    redlock.locks.on("acquired", ({ resources }) => states.push(`acquired ${resources}`));
    const lock = await world.run(redlock.acquire(["a", "b"], 1_000));
    const handle = redlock.handle(lock)!;
    handle.on("released", () => states.push("released"));
    expect(handle.actor.getSnapshot().value).toBe("held");
    expect(handle.lease?.remaining()).toBeGreaterThan(900);
    await world.run(lock.release());
    expect(states).toEqual(["acquired a,b", "released"]);
    expect(redlock.handle(lock)).toBeNull();
  });

  it("knows the nodes", async () => {
    await world.run(redlock.lock("a", 1_000));
    expect(await world.run(redlock.locks.inspect("a"))).toMatchObject({
      held: true,
      holder: { owner: "me" },
    });
  });
});

describe("the secret value", () => {
  it("is not shown when a lock is logged, nor in the JSON of redlock's own lock classes", async () => {
    const { inspect } = await import("node:util");
    const locks = [
      await world.run(redlock.acquire(["a"], 1_000)),
      await world.run(redlock.lock("b", 1_000)),
      (await world.run(redlock.acquireLock("c", 1_000)))!,
    ];
    for (const lock of locks) expect(inspect(lock)).not.toContain(lock.value);
    expect(JSON.stringify(locks.slice(0, 2))).not.toMatch(/~/);
    // Programs of node-redlock pass their locks on as JSON.
    expect(JSON.parse(JSON.stringify(locks[2]))).toEqual({
      resource: "c",
      value: locks[2]?.value,
      ttl: locks[2]?.ttl,
    });
  });
});

it("errors have their text in JSON", () => {
  const errors = [
    new entry.LockError("taken", 2),
    new entry.ExecutionError("taken", []),
    new entry.ResourceLockedError("taken"),
    new entry.ClientError("refused", "a:1", "refused"),
  ];
  expect(JSON.parse(JSON.stringify(errors))).toEqual([
    { name: "LockError", message: "taken", attempts: 2 },
    { name: "ExecutionError", message: "taken", attempts: [] },
    { name: "ResourceLockedError", message: "taken" },
    { name: "ClientError", message: "a:1: refused", node: "a:1", reason: "refused" },
  ]);
});

it("every named value is also a static of the class", () => {
  const values = Object.entries(entry).filter(([name]) => name !== "module.exports");
  expect(values.length).toBeGreaterThan(8);
  for (const [name, value] of values) expect(Redlock[name as keyof typeof Redlock]).toBe(value);
});

it("accepts any iterable of clients, and refuses an empty one, invalid clients and duplicates", () => {
  const node = memoryNode();
  expect(new Redlock(new Set([node])).clients.size).toBe(1);
  expect(new Redlock([node]).servers).toEqual([node]);
  expect(() => new Redlock([] as never)).toThrow(
    "Redlock must be instantiated with at least one redis client.",
  );
  expect(() => new Redlock(undefined as never)).toThrow("at least one redis client");
  expect(() => new Redlock(node as never)).toThrow(/clients must be a list of clients/);
  expect(() => new Redlock([{}] as never)).toThrow(/nodes\[0\] must be a client of ioredis or node-redis/);
  expect(() => new Redlock([node, node])).toThrow(/are the same server/);
});
