import { EventEmitter } from "node:events";
import { inspect } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { failureOf } from "../../src/clients/failure.js";
import type { LockNode, Reply } from "../../src/engine/node/lock-node.js";
import { Redlock } from "../../src/redlock.js";
import { ask, oneByOne } from "../engine/batches.js";
import { settle } from "../manager/test-nodes.js";
import { RedlockWorld } from "./world.js";

let world: RedlockWorld;
let redlock: Redlock;
beforeEach(() => {
  world = new RedlockWorld();
  redlock = world.redlock();
});

/** A node that executes all commands, but loses the replies to some of them while its connection stays open. */
function losingReplies(node: LockNode, ops: ReadonlySet<string> = new Set(["release"])): LockNode {
  const lost: Reply = { kind: "failed", reason: "connection", message: "the reply was lost" };
  return {
    name: node.name,
    keyspace: node.keyspace,
    sharded: false,
    connection: "ready",
    trouble: "",
    watch: (listener) => node.watch(listener),
    connect: () => {},
    identify: (...asked) => node.identify(...asked),
    close: async () => {},
    subscribe: () => null,
    execute: oneByOne(async (one, mark) => {
      const reply = await ask(node, one, mark);
      return ops.has(one.command.op) ? lost : reply;
    }),
  };
}

describe("a value that is used again", () => {
  it("is not undone by an earlier release that is still pending", async () => {
    const poor = new Redlock(
      world.nodes.map((node) => losingReplies(node)),
      // The release is repeated well within the first ttl.
      { clock: world.clock, nodeTimeout: 100 },
    );
    expect(await world.run(poor.tryAcquire("a", "worker", 1_000))).toBe(3);
    await world.run(poor.releaseLock("a", "worker"));
    expect(await world.run(poor.tryAcquire("a", "worker", 60_000))).toBe(3);
    await world.clock.advance(20_000);
    expect(poor.handle({ resource: "a", value: "worker" })?.state).toBe("held");
    expect(await world.holders("a")).toEqual([true, true, true]);
  });

  it("is not undone by a failed attempt before it, whose replies were lost", async () => {
    const ops = new Set(["swap", "release"]);
    const poor = new Redlock(
      world.nodes.map((node) => losingReplies(node, ops)),
      { clock: world.clock },
    );
    expect(await world.run(poor.tryAcquire("a", "worker", 1_000))).toBe(0);
    await world.clock.advance(1_000);
    ops.clear();
    expect(await world.run(poor.tryAcquire("a", "worker", 60_000))).toBe(3);
    await world.clock.advance(20_000);
    expect(poor.handle({ resource: "a", value: "worker" })?.state).toBe("held");
    expect(await world.holders("a")).toEqual([true, true, true]);
  });

  it("leaves nothing when the program quits in the middle of it, whenever that is", async () => {
    const outcomes = new Set<unknown>();
    for (let turns = 0; turns < 40; turns++) {
      world = new RedlockWorld();
      const quitting = world.redlock();
      const granted = quitting.tryAcquire("a", "worker", 60_000).catch(({ name }: Error) => name);
      for (let turn = 0; turn < turns; turn++) await new Promise<void>((next) => process.nextTick(next));
      await world.run(quitting.quit());
      const outcome = await world.run(granted);
      outcomes.add(outcome);
      await settle();
      const held = outcome === 3;
      expect(await world.holders("a"), `after ${turns} turns`).toEqual([held, held, held]);
    }
    expect(outcomes).toContain(3);
    expect(outcomes).toContain("ManagerClosedError");
  });

  it("is not undone by an earlier attempt whose grant is reported late", async () => {
    let refusing: number[] = [0, 1];
    const late: (() => void)[] = [];
    const refused: Reply = { kind: "failed", reason: "refused", message: "BUSY" };
    const nodes = world.nodes.map((node, index) => ({
      ...losingReplies(node),
      execute: oneByOne(async (one, mark) => {
        const swap = one.command.op === "swap";
        if (swap && refusing.includes(index)) return refused;
        const reply = await ask(node, one, mark);
        if (swap && index === 2 && late.length === 0)
          await new Promise<void>((emitted) => late.push(emitted));
        return reply;
      }),
    }));
    const program = new Redlock(nodes, { clock: world.clock });
    // The first attempt is renamed on node 2 alone, and receives no reply.
    expect(await world.run(program.tryAcquire("a", "worker", 60_000))).toBeLessThan(2);
    // The second attempt holds node 1, and node 2 by its value.
    refusing = [0];
    expect(await world.run(program.tryAcquire("a", "worker", 60_000))).toBe(2);
    for (const emitted of late) emitted();
    await settle();
    expect(program.handle({ resource: "a", value: "worker" })?.state).toBe("held");
    expect(await world.holders("a")).toEqual([false, true, true]);
  });

  it("leaves no trace of the token under which it was acquired, even on a node that missed the renaming", async () => {
    const missing = world.redlock();
    missing.locks.once("acquired", () => world.node(2).hang());
    const granted = missing.tryAcquire("a", "worker", 60_000);
    await world.clock.advance(2_000);
    expect(await granted).toBe(2);
    world.node(2).wake();
    await settle();
    await world.run(missing.releaseLock("a", "worker"));
    expect(await world.holders("a")).toEqual([false, false, false]);
  });

  it("is not undone by a pending release when it is renewed after all", async () => {
    const poor = new Redlock(
      world.nodes.map((node) => losingReplies(node)),
      { clock: world.clock },
    );
    const lock = (await world.run(redlock.acquireLock("a", 60_000)))!;
    for (const node of world.nodes) node.hang();
    const released = poor.releaseLock("a", lock.value);
    await world.clock.advance(7_000);
    await released;
    expect(
      await world.run(
        redlock.renewLock("a", lock.value, 60_000).then(
          () => "said",
          () => "said",
        ),
      ),
    ).toBe("said");
    for (const node of world.nodes) node.wake();
    await settle();
    expect(await world.run(poor.renewLock("a", lock.value, 60_000))).toBe(false);
  });

  it("is released everywhere, even where an earlier process left it", async () => {
    const before = world.redlock();
    await world.run(before.acquireLockInstance(world.nodes[0], "a", "worker", 60_000));
    expect(await world.run(redlock.tryAcquire("a", "worker", 60_000))).toBeGreaterThanOrEqual(2);
    await world.run(redlock.releaseLock("a", "worker"));
    expect(await world.holders("a")).toEqual([false, false, false]);
  });

  it("is handled by one call at a time, however fast the calls follow", async () => {
    const calls = [redlock.tryAcquire("a", "worker", 5_000), redlock.releaseLock("a", "worker")] as const;
    expect(await world.run(Promise.all(calls))).toEqual([3, undefined]);
    expect(redlock.handle({ resource: "a", value: "worker" })).toBeNull();
    expect(await world.holders("a")).toEqual([false, false, false]);
    const lock = (await world.run(redlock.acquireLock("b", 5_000)))!;
    const elsewhere = world.redlock();
    const both = [
      elsewhere.renewLock("b", lock.value, 5_000),
      elsewhere.releaseLock("b", lock.value),
    ] as const;
    expect(await world.run(Promise.all(both))).toEqual([true, undefined]);
    expect(elsewhere.handle(lock)).toBeNull();
    expect(await world.holders("b")).toEqual([false, false, false]);
  });

  it("identifies several resources in any order", async () => {
    const lock = await world.run(redlock.acquire(["a", "b"], 5_000));
    const turned = { resources: ["b", "a"], value: lock.value } as never;
    expect(redlock.handle(turned)).not.toBeNull();
    await world.run(redlock.release(turned));
    expect(redlock.handle(lock)).toBeNull();
  });
});

it("a grant that is answered after the deadline does not affect a process that has renewed the lock", async () => {
  const late: (() => void)[] = [];
  const slow = { ...losingReplies(world.node(2)) };
  slow.execute = oneByOne(async (one, mark) => {
    const reply = await ask(world.node(2), one, mark);
    if (one.command.op === "acquire") await new Promise<void>((resolve) => late.push(resolve));
    return reply;
  });
  const holder = new Redlock([world.node(0), world.node(1), slow], { clock: world.clock });
  const lock = (await world.run(holder.acquireLock("a", 1_000)))!;
  await world.clock.advance(400);
  expect(await world.run(redlock.renewLock("a", lock.value, 60_000))).toBe(true);
  await world.clock.advance(1_000);
  for (const answer of late) answer();
  await settle();
  expect(await world.holders("a")).toEqual([true, true, true]);
});

describe("the handle of a lock", () => {
  it("is the same while the lock is held, so that reading it does not count as dropping the lease", async () => {
    const lock = await world.run(redlock.acquire(["a"], 5_000));
    const handle = redlock.handle(lock);
    expect(JSON.stringify(handle)).toContain('"state":"held"');
    expect(redlock.handle(lock)).toBe(handle);
  });
});

describe("quit", () => {
  it("ends pauses between retries, and the calls on single clients", async () => {
    const manyAttempts = world.redlock({ retryDelay: 60_000 });
    const lock = await world.run(manyAttempts.acquire(["a"], 600_000));
    for (const node of world.nodes) node.hang();
    const extended = manyAttempts.extend(lock, 600_000).catch((error: Error) => error.name);
    await world.clock.advance(1_000);
    await world.run(manyAttempts.quit());
    expect(await world.run(extended)).toBe("ManagerClosedError");
    expect(world.clock.pending).toBe(0);
    const single = manyAttempts.acquireLockInstance(world.nodes[0], "b", "value", 1_000);
    expect(await world.caught(single)).toMatchObject({ name: "ManagerClosedError" });
  });

  it("rejects a release that is unanswered", async () => {
    const lock = await world.run(redlock.lock("a", 5_000));
    for (const node of world.nodes) node.hang();
    const released = lock.unlock().catch((error: Error) => error.name);
    await settle();
    await world.run(redlock.quit());
    expect(await world.run(released)).toBe("ManagerClosedError");
  });
});

describe("using", () => {
  it("does not extend continuously, whatever the threshold", async () => {
    let renewals = 0;
    redlock.locks.on("renewed", () => renewals++);
    const settings = { automaticExtensionThreshold: 29_800 };
    const used = redlock.using(["a"], 30_000, settings, async () => {
      await new Promise<void>((resolve) => world.clock.after(10_000, resolve));
    });
    await world.run(used);
    expect(renewals).toBeGreaterThan(1);
    expect(renewals).toBeLessThan(6);
  });

  it("uses the lease's end, not the lock's expiration, when the routine extends the lock itself", async () => {
    const seen = await world.run(
      redlock.using(
        "a",
        1_000,
        async (lock) => {
          await new Promise<void>((resolve) => world.clock.after(3_000, resolve));
          const extended = await lock.extend(5_000);
          return extended.expiration - world.clock.wall();
        },
        { autoExtend: true },
      ),
    );
    expect(seen).toBeGreaterThan(4_000);
  });

  it("reports a renewal once, whoever requested it", async () => {
    let renewals = 0;
    redlock.on("renewed", () => renewals++);
    const used = redlock.using(
      "a",
      10_000,
      async ({ value }) => {
        await redlock.renewLock("a", value, 10_000);
      },
      { autoExtend: true },
    );
    await world.run(used);
    expect(renewals).toBe(1);
  });

  it("sets the signal's error if the lock is over before the routine begins", async () => {
    redlock.locks.on("acquired", () => void redlock.quit());
    const used = redlock.using(["a"], 1_000, async (signal) => [signal.aborted, signal.error?.name]);
    expect(await world.run(used)).toEqual([true, "ManagerClosedError"]);
  });

  it("reports why it has no lock", async () => {
    await world.run(world.redlock().acquireLock("a", 60_000));
    const error = await world.caught(redlock.using("a", 1_000, async () => {}));
    expect(error.cause).toMatchObject({ name: "LockContendedError" });
  });

  it.each([{ autoextend: true }, { autoExtend: 1 }, true])("refuses unknown options: %j", async (options) => {
    const call = redlock.using("a", 1_000, async () => {}, options as never);
    expect(await world.caught(call)).toMatchObject({ name: "InvalidOptionError", option: "options" });
  });
});

describe("errors of nodes", () => {
  it("do not concern a node that was not asked", async () => {
    world.node(0).crash();
    world.node(1).crash();
    const messages: string[] = [];
    const once = world.redlock({ retryCount: 0 });
    once.on("error", ({ message }) => messages.push(message));
    const error = (await world.caught(once.acquire(["a"], 1_000))) as Error & {
      attempts: Promise<{ votesAgainst: Map<unknown, Error> }>[];
    };
    await settle();
    expect(messages).toEqual(["node-0: node-0 crashed", "node-1: node-1 crashed"]);
    const [stats] = await Promise.all(error.attempts);
    expect([...stats!.votesAgainst.values()][2]).toMatchObject({ reason: "notAsked" });
  });

  it("show no password of an address, and no arguments that a server repeats", () => {
    const opened = new Redlock(["redis://:hunter2@127.0.0.1:1"]);
    expect(inspect(opened, { depth: 9 })).not.toContain("hunter2");
    expect([...opened.clients, ...opened.servers]).toEqual(["redis://127.0.0.1:1", "redis://127.0.0.1:1"]);
    void opened.quit();
    const said = "ERR unknown command 'evalsha', with args beginning with: '0c' '1' 'r' 'me~secret'";
    expect(failureOf(new Error(said)).message).toBe("ERR unknown command 'evalsha'");
  });

  it("are thrown if a wrapped client makes up replies: null would hide that it can never work", async () => {
    const made = { set: async () => "OK", eval: async () => 1 };
    const hopeless = new Redlock([made], 1, 1);
    expect(await world.caught(hopeless.acquireLock("a", 1_000))).toMatchObject({
      name: "InvalidOptionError",
      message: expect.stringMatching(
        /^clients must be clients whose eval returns the reply.*got "client 0: its eval\(.*answers 1/,
      ),
    });
  });

  it("reach listeners of errorMonitor", async () => {
    await world.run(redlock.acquire(["a"], 60_000));
    let emitted = 0;
    const once = world.redlock({ retryCount: 0 });
    // The types accept the events only by name.
    (once as EventEmitter).on(EventEmitter.errorMonitor, () => emitted++);
    once.on("error", () => {});
    await world.caught(once.acquire(["a"], 1_000));
    expect(emitted).toBe(3);
  });
});

describe("the class in unusual uses", () => {
  it("works behind a Proxy, and as a prototype", async () => {
    const proxied = new Proxy(redlock, {});
    await world.run(proxied.acquire(["a"], 1_000));
    await world.run(Object.create(redlock).lock("b", 1_000));
    expect(await world.holders("b")).toEqual([true, true, true]);
    expect(inspect(redlock)).not.toContain("inner");
  });

  it("refuses later changes of its settings", () => {
    expect(() => {
      redlock.retryCount = 0;
    }).toThrow("retryCount must be given to the constructor or to a call: it cannot be changed later; got 0");
  });

  it("accepts settings of one call in the place of redlock 4's callback, and checks them", async () => {
    await world.run(redlock.lock("a", 60_000));
    const settings = { retryCount: 0 } as never;
    expect(await world.caught(redlock.lock("a", 1_000, settings))).toMatchObject({ attempts: 1 });
    expect(await world.caught(redlock.acquire("a", 1_000, settings))).toMatchObject({ attempts: 1 });
    expect(await world.caught(redlock.lock("b", 1_000, "callback" as never))).toMatchObject({
      code: "INVALID_OPTION",
    });
    const lock = await world.run(redlock.lock("b", 1_000));
    expect(await world.caught(lock.extend(1_000, { retrycount: 1 } as never))).toMatchObject({
      code: "INVALID_OPTION",
    });
    expect(await world.caught(redlock.release(lock, { nope: 1 } as never))).toMatchObject({
      code: "INVALID_OPTION",
    });
  });

  it("accepts a frozen lock of plain data", async () => {
    const { value } = await world.run(redlock.lock("a", 1_000));
    await world.run(redlock.unlock(Object.freeze({ resource: "a", value }) as never));
    expect(await world.holders("a")).toEqual([false, false, false]);
  });
});
