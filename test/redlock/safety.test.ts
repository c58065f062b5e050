import { beforeEach, describe, expect, it } from "vitest";
import type { Redlock } from "../../src/redlock.js";
import { listen, settle } from "../manager/test-nodes.js";
import { aborted } from "../support/aborted.js";
import { RedlockWorld } from "./world.js";

let world: RedlockWorld;
let redlock: Redlock;
beforeEach(() => {
  world = new RedlockWorld();
  redlock = world.redlock();
});

describe("a lock whose value other processes may have", () => {
  it("is left to its ttl at its deadline, because another process may have renewed it", async () => {
    const lock = (await world.run(redlock.acquireLock("a", 1_000)))!;
    const elsewhere = world.redlock();
    await world.clock.advance(900);
    expect(await world.run(elsewhere.renewLock("a", lock.value, 5_000))).toBe(true);
    const emitted = listen(redlock.locks);
    await world.clock.advance(1_000);
    expect(emitted.map(({ name }) => name)).toEqual(["expired"]);
    expect(await world.holders("a")).toEqual([true, true, true]);
    expect(await world.run(world.redlock({ retryCount: 0 }).acquireLock("a", 100))).toBeNull();
  });

  it("has its own machine, events and deadline if it is renewed by its value", async () => {
    const lock = (await world.run(redlock.acquireLock("a", 1_000)))!;
    const elsewhere = world.redlock();
    const emitted = listen(elsewhere.locks);
    await world.run(elsewhere.renewLock("a", lock.value, 5_000));
    expect(elsewhere.handle(lock)?.state).toBe("held");
    await world.clock.advance(5_000);
    expect(elsewhere.handle(lock)).toBeNull();
    expect(emitted.map(({ name }) => name)).toEqual(["acquiring", "acquired", "expired"]);
  });

  it("is not touched by a renewal with its value that fails", async () => {
    const lock = (await world.run(redlock.acquireLock("a", 5_000)))!;
    const elsewhere = world.redlock();
    // One node answers the renewal, so there is no quorum. The key on that node must stay.
    world.node(1).hang();
    world.node(2).hang();
    expect(await world.run(elsewhere.renewLock("a", lock.value, 5_000))).toBe(false);
    world.node(1).wake();
    world.node(2).wake();
    await settle();
    expect(await world.holders("a")).toEqual([true, true, true]);
  });

  it("is not put back on a node that lacks the key by a process that only knows its value", async () => {
    const redlock = world.redlock({ quarantine: false });
    const lock = (await world.run(redlock.acquireLock("a", 5_000)))!;
    world.node(2).restart();
    const elsewhere = world.redlock({ quarantine: false });
    await world.run(elsewhere.renewLock("a", lock.value, 5_000));
    await world.run(elsewhere.renewLock("a", lock.value, 5_000));
    expect(await world.holders("a")).toEqual([true, true, false]);
    expect(await world.run(redlock.renewLock("a", lock.value, 5_000))).toBe(true);
    await settle();
    expect(await world.holders("a")).toEqual([true, true, true]);
  });

  it("can be released by its value, and only by that", async () => {
    const lock = (await world.run(redlock.acquireLock("a", 5_000)))!;
    const elsewhere = world.redlock();
    await world.run(elsewhere.releaseLock("a", "another"));
    expect(await world.holders("a")).toEqual([true, true, true]);
    await world.run(elsewhere.releaseLock("a", lock.value));
    expect(await world.holders("a")).toEqual([false, false, false]);
  });

  it("stays on the nodes when the process quits", async () => {
    await world.run(redlock.acquire(["a"], 5_000));
    await world.run(redlock.quit());
    expect(await world.holders("a")).toEqual([true, true, true]);
    expect(world.clock.pending).toBe(0);
  });
});

describe("a value from the program", () => {
  it("excludes all other callers, even with the same value", async () => {
    expect(await world.run(redlock.tryAcquire("a", "worker", 5_000))).toBe(3);
    expect(await world.run(world.redlock().tryAcquire("a", "worker", 5_000))).toBe(0);
    expect(await world.holders("a")).toEqual([true, true, true]);
    expect(redlock.handle({ resource: "a", value: "worker" })?.state).toBe("held");
  });

  it("leaves nothing behind without a quorum, not even on a node that grants late", async () => {
    const other = world.redlock();
    await world.run(other.acquireLockInstance(world.nodes[0], "a", "other", 60_000));
    await world.run(other.acquireLockInstance(world.nodes[1], "a", "other", 60_000));
    world.node(2).hang();
    expect(await world.run(redlock.tryAcquire("a", "mine", 5_000))).toBe(0);
    world.node(2).wake();
    await settle();
    expect(await world.holders("a")).toEqual([true, true, false]);
  });

  it("is not released by a repeated earlier release, when it was claimed again meanwhile", async () => {
    await world.run(redlock.tryAcquire("met", "worker", 1_000));
    world.node(2).hang();
    expect(await world.run(redlock.tryAcquire("a", "worker", 60_000))).toBe(2);
    // The request is lost or arrives later, so the release is repeated.
    world.node(2).crash();
    world.node(2).reconnect();
    await world.run(redlock.releaseLock("a", "worker"));
    expect(await world.run(redlock.tryAcquire("a", "worker", 60_000))).toBe(3);
    for (let spent = 0; spent < 50_000; spent += 1_000) {
      await world.clock.advance(1_000);
      expect(await world.holders("a")).toEqual([true, true, true]);
    }
  });

  it("on one client affects that client alone", async () => {
    const [first, second] = world.nodes;
    expect(await world.run(redlock.acquireLockInstance(first, "a", "mine", 5_000))).toBe(true);
    expect(await world.run(redlock.acquireLockInstance(first, "a", "mine", 5_000))).toBe(false);
    expect(await world.holders("a")).toEqual([true, false, false]);
    expect(await world.run(redlock.releaseLockInstance(second, { resource: "a", value: "mine" }))).toBe(0);
    expect(await world.run(redlock.releaseLockInstance(first, { resource: "a", value: "mine" }))).toBe(1);
    expect(await world.holders("a")).toEqual([false, false, false]);
  });
});

describe("loss", () => {
  it("is reported at the deadline in `using`, with every node hung, and the routine's value is returned", async () => {
    const seen: unknown[] = [];
    const used = redlock.using(["a"], 1_000, { automaticExtensionThreshold: 500 }, async (signal) => {
      for (const node of world.nodes) node.hang();
      await aborted(signal);
      seen.push(world.clock.monotonic(), signal.error?.name, signal.error?.cause);
      return "done";
    });
    expect(await world.run(used)).toBe("done");
    expect(seen).toMatchObject([988, "ExecutionError", { name: "LeaseExpiredError", reason: "deadline" }]);
  });

  it("aborts the signal when the program quits, and the routine's value is still returned", async () => {
    const quitting = async (signal: AbortSignal) => {
      void redlock.quit();
      await aborted(signal);
      return signal.reason.name;
    };
    const both = [
      redlock.using(["a"], 1_000, quitting),
      redlock.using("b", 1_000, (_, signal) => quitting(signal), { autoExtend: true }),
    ];
    expect(await world.run(Promise.all(both))).toEqual(["ManagerClosedError", "ManagerClosedError"]);
    expect(world.clock.pending).toBe(0);
  });

  it("is reported as `error` in node-redlock's `using`, and needs no listener", async () => {
    const errors: string[] = [];
    const lose = () =>
      redlock.using(
        "a",
        1_000,
        async (_, signal) => {
          for (const node of world.nodes) node.restart();
          await aborted(signal);
          return "done";
        },
        { autoExtend: true },
      );
    expect(await world.run(lose())).toBe("done");
    redlock.on("error", ({ message }) => errors.push(message));
    expect(await world.run(lose())).toBe("done");
    expect(errors).toEqual(["Failed to auto-extend lock for resource: a"]);
  });

  it("refuses an extension after the deadline, by whichever clock reaches it first", async () => {
    const redlock5Lock = await world.run(redlock.acquire(["a"], 1_000));
    const redlock4Lock = await world.run(redlock.lock("b", 1_000));
    await world.clock.advance(995);
    expect(await world.caught(redlock5Lock.extend(1_000))).toMatchObject({
      name: "ExecutionError",
      message: "Cannot extend an already-expired lock.",
      attempts: [],
    });
    expect(await world.caught(redlock4Lock.extend(1_000))).toMatchObject({
      name: "LockError",
      message: 'Cannot extend lock on resource "b" because the lock has already expired.',
      attempts: 0,
    });
  });
});

it("an attempt without validity left gives no lock in any of the three packages", async () => {
  const options = { retryCount: 0, driftFactor: 0.99 };
  const slow = world.redlock(options);
  expect(await world.run(slow.acquireLock("a", 100))).toBeNull();
  expect(await world.caught(slow.lock("a", 100))).toMatchObject({ name: "LockError" });
  expect(await world.caught(slow.acquire(["a"], 100))).toMatchObject({ name: "ExecutionError" });
  await settle();
  expect(await world.holders("a")).toEqual([false, false, false]);
});
