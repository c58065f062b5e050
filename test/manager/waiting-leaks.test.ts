import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { locksOf } from "../../src/api/managed-locks.js";
import { memoryNode } from "../../src/clients/memory/memory-node.js";
import type { AcquireOptions } from "../../src/lock/options.js";
import { Manager } from "../../src/manager/manager.js";
import { FifoSet } from "../../src/support/fifo-set.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { seeded } from "../support/chance.js";
import { far } from "../support/far-node.js";

/** Returns the sizes of an object's collections and the values of its counters, by property name. */
function sizesOf(thing: object, names: readonly string[]): Record<string, number> {
  const sizes = names.map((name) => {
    const value: unknown = Reflect.get(thing, name);
    if (value instanceof Map || value instanceof Set || value instanceof FifoSet)
      return [name, value.size] as const;
    if (typeof value === "number") return [name, value] as const;
    return [name, Object.keys(value as object).length] as const;
  });
  return Object.fromEntries(sizes);
}

async function runContention(seed: number): Promise<void> {
  const clock = new VirtualClock();
  const chance = seeded(seed);
  for (let i = 0; i < 20; i++) chance();
  const pick = <T>(...choices: readonly T[]) => choices[Math.floor(chance() * choices.length)] as T;
  const nodes = [0, 1, 2].map(() => memoryNode(undefined, { clock }));
  const managers = Array.from({ length: 3 }, (_, index) => {
    const secret = () => `${index}${String(chance()).slice(2)}`.padEnd(22, "0").slice(0, 22);
    const path = { delay: () => chance() ** 4 * 30, losesMessage: () => chance() < 0.2 };
    const ours = nodes.map((node) => far(node, clock, path));
    return new Manager({
      nodes: ours,
      clock,
      random: { secret, fraction: chance },
      nodeTimeout: 50,
      ttl: 800,
    });
  });
  const allLocks = managers.map(locksOf);
  const all: Promise<unknown>[] = [];
  for (let step = 0; step < 150; step++) {
    const locks = pick(...allLocks);
    const resource = pick<string | string[]>("a", "a", "b", ["a", "b"]);
    const abort = new AbortController();
    const options: AcquireOptions = {
      wait: pick(0, 50, 300, 5_000),
      fair: chance() < 0.8,
      renew: chance() < 0.5,
      signal: abort.signal,
      ...pick<AcquireOptions>({}, {}, { retry: { count: 2 } }, { retry: { delay: 20 } }, { fence: true }),
    };
    if (chance() < 0.3) clock.after(chance() * 200, () => abort.abort(new Error("enough")));
    const hold = chance() < 0.1 ? 2_000 : chance() * 20;
    const work = () => new Promise<void>((resolve) => clock.after(hold, resolve));
    all.push(locks.using(resource, options, work).catch((error: { code?: string }) => error.code));
    const action = chance();
    const node = pick(...nodes);
    if (action < 0.02) node.hang();
    else if (action < 0.04) node.crash();
    else if (action < 0.08) node.restart({ keepMemory: chance() < 0.5 });
    else if (action < 0.2) node.wake();
    await clock.advance(pick(0, 0, 1, 5, 20));
  }
  for (const node of nodes) {
    node.wake();
    if (node.connection === "down") node.restart();
  }
  await clock.advance(20_000);
  await Promise.all(all);
  // Without waiters, no free lock is reserved and no waiter is stored.
  for (const { context } of managers) {
    const { localQueue, engine } = context;
    expect(
      sizesOf(localQueue, ["pending", "fronts", "frontsByKey", "followers", "asking", "gate", "toCall"]),
    ).toEqual({
      ...{ pending: 0, fronts: 0, frontsByKey: 0, followers: 0, asking: 0, gate: 0, toCall: 0 },
    });
    expect(sizesOf(engine.wakeupChannel, ["listeners", "waiting"])).toEqual({ listeners: 0, waiting: 0 });
  }
  for (const resource of ["a", "b"]) {
    for (const locks of allLocks) {
      const taking = locks.tryAcquire(resource);
      await clock.advance(200);
      const lease = await taking;
      expect(lease).not.toBeNull();
      const released = lease?.release();
      await clock.advance(200);
      await released;
    }
  }
  const closed = Promise.all(allLocks.map((locks) => locks.close()));
  await clock.advance(1_000);
  await closed;
  expect(clock.pending).toBe(0);
}

describe("when no caller waits", () => {
  it("no queue position, no queue entry and no timer of earlier waiters remains", async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 1 }), runContention), { numRuns: 25, seed: 20261121 });
  }, 120_000);
});
