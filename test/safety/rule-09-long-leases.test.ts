import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Lease, Locks } from "../../src/api/types.js";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { listen, TestNodes } from "../manager/test-nodes.js";
import { wayTo } from "../support/way-to.js";
import { settle } from "./scripted-locks.js";

const ttl = 1_000;
const day = 86_400_000;
const options = { ttl, nodeTimeout: 100 } as const;
/** ms after which a node that lost its memory votes again, if no long lease is held. */
const short = ttl + 12;

beforeEach(() => void vi.spyOn(process, "emitWarning").mockReturnValue());
afterEach(() => vi.restoreAllMocks());

const attempt = (testNodes: TestNodes, locks: Locks, resource: string) =>
  testNodes.run(locks.tryAcquire(resource, { renew: false }).catch(() => null));

const take = (testNodes: TestNodes, locks: Locks, resource: string, longer = ttl) =>
  testNodes.run(locks.acquire(resource, { ttl: longer, renew: false }));

async function once(testNodes: TestNodes, locks: Locks, resource: string, longer = ttl): Promise<void> {
  await testNodes.run((await take(testNodes, locks, resource, longer)).release());
  await settle();
}

async function started(size = 3) {
  const testNodes = new TestNodes(size);
  const locks = testNodes.locks(options);
  await once(testNodes, locks, "first");
  return { testNodes, locks, other: testNodes.locks({ ...options, owner: "other" }) };
}

const healths = async (testNodes: TestNodes, locks: Locks) =>
  (await testNodes.run(locks.inspect("a"))).nodes.map(({ health }) => health);

/** The first node forgets, and everybody knows. */
async function forget(testNodes: TestNodes, locks: Locks): Promise<void> {
  testNodes.node(0).flush();
  await attempt(testNodes, locks, "b");
  await settle();
  expect((await healths(testNodes, locks))[0]).toBe("quarantined");
}

/** In steps, so that what is to happen at a time happens then. */
async function pass(testNodes: TestNodes, ms: number): Promise<void> {
  const steps = 200;
  for (let step = 0; step < steps; step++) await testNodes.clock.advance(ms / steps);
}

describe("a ttl of a day, used once and over", () => {
  it("does not count any more when nodes lose their memory, one after the other", async () => {
    const { testNodes, locks } = await started();
    await once(testNodes, locks, "long", day);
    for (const node of [0, 1]) {
      testNodes.node(node).restart();
      await attempt(testNodes, locks, "b");
      await testNodes.clock.advance(ttl / 2);
    }
    await testNodes.clock.advance(2 * short);
    expect(await healths(testNodes, locks)).toEqual(["ready", "ready", "ready"]);
    expect(await attempt(testNodes, locks, "b")).not.toBeNull();
  });

  it("counts until it has run out, where it was never released", async () => {
    const { testNodes, locks } = await started();
    const lease = await take(testNodes, locks, "a", 100_000);
    await forget(testNodes, locks);
    await pass(testNodes, 100_000 - short);
    expect(lease.remaining()).toBeGreaterThan(0);
    expect((await healths(testNodes, locks))[0]).toBe("quarantined");
    await pass(testNodes, 1_002 + 2 * short);
    expect((await healths(testNodes, locks))[0]).toBe("ready");
  });
});

describe("a day's lease that is held", () => {
  it("is granted to nobody else when two nodes lose their memory", async () => {
    const { testNodes, locks, other } = await started();
    const hour = day / 24;
    const lease = await take(testNodes, locks, "a", hour);
    for (const node of [0, 1]) {
      testNodes.node(node).restart();
      await attempt(testNodes, other, "b");
      await testNodes.clock.advance(ttl);
    }
    while (lease.remaining() > 0) {
      expect(await attempt(testNodes, other, "a")).toBeNull();
      await testNodes.clock.advance(hour / 20);
    }
    await testNodes.clock.advance(hour / 20);
    expect(await attempt(testNodes, other, "a")).not.toBeNull();
  });

  it("is waited for no longer than until it is released", async () => {
    const { testNodes, locks, other } = await started();
    const lease = await take(testNodes, locks, "a", day);
    const told = listen(other);
    await attempt(testNodes, other, "b");
    await forget(testNodes, other);
    await pass(testNodes, 60_000);
    expect((await healths(testNodes, other))[0]).toBe("quarantined");
    const ends = told.flatMap(({ name, event }) => (name === "nodeQuarantined" ? [event.until] : []));
    // Once when it was found, once at most when it had settled: not with each look.
    expect(ends.length).toBeLessThanOrEqual(2);
    await testNodes.run(lease.release());
    await pass(testNodes, 13_000);
    expect((await healths(testNodes, other))[0]).toBe("ready");
  });

  it("is waited for by whoever comes later, too", async () => {
    const { testNodes, locks } = await started();
    const lease = await take(testNodes, locks, "a", day);
    await forget(testNodes, locks);
    const late = testNodes.locks({ ...options, owner: "late" });
    await attempt(testNodes, late, "b");
    await pass(testNodes, 30_000);
    expect((await healths(testNodes, late))[0]).toBe("quarantined");
    await testNodes.run(lease.release());
    await pass(testNodes, 13_000);
    expect((await healths(testNodes, late))[0]).toBe("ready");
  });

  it("does not keep a node abstaining by being renewed, again and again", async () => {
    const { testNodes, locks } = await started();
    const lease = await take(testNodes, locks, "a", 100_000);
    await forget(testNodes, locks);
    for (let time = 0; time < 8; time++) {
      await pass(testNodes, 13_000);
      await testNodes.run(lease.renew(100_000));
    }
    expect((await healths(testNodes, locks))[0]).toBe("ready");
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(await attempt(testNodes, testNodes.locks({ ...options, owner: "other" }), "a")).toBeNull();
  });

  it("does not keep it abstaining where others come after it, each a long one", async () => {
    const { testNodes, locks } = await started();
    const old = await take(testNodes, locks, "a", day);
    await forget(testNodes, locks);
    await pass(testNodes, 60_000);
    const young = await take(testNodes, locks, "young", day);
    await testNodes.run(old.release());
    await pass(testNodes, 60_000);
    expect((await healths(testNodes, locks))[0]).toBe("ready");
    expect(young.remaining()).toBeGreaterThan(0);
  });

  it("is shown with what is waited for, in words that people understand, and how to end that", async () => {
    const { testNodes, locks, other } = await started();
    await take(testNodes, locks, "a", day);
    await forget(testNodes, locks);
    testNodes.node(1).crash();
    const error = await testNodes.run(other.tryAcquire("b").catch((reason: unknown) => reason));
    expect(String(error)).toMatch(
      /node-0: it lost its memory, and waits for leases longer than 1 min to be released or to run out \(quarantine 0 ends that\); it votes again in 24 h 14 min/,
    );
  });

  it("is told of by inspect(): until when, and why", async () => {
    const { testNodes, locks } = await started();
    await take(testNodes, locks, "a", day);
    await forget(testNodes, locks);
    const { nodes } = await testNodes.run(locks.inspect("a"));
    expect(nodes.map(({ quarantine }) => quarantine)).toEqual([
      {
        until: expect.closeTo(testNodes.clock.wall() + day * 1.01, -3),
        cause: expect.stringContaining("waits for leases longer than 1 min"),
      },
      undefined,
      undefined,
    ]);
    const { quarantine: rest } = (await testNodes.run(testNodes.locks(options).inspect("a"))).nodes[0] ?? {};
    expect(rest).toMatchObject({ cause: expect.stringContaining("waits for leases longer than 1 min") });
  });

  it.each([0, false] as const)(
    "is not waited for where an operator says so: quarantine %s",
    async (quarantine) => {
      const { testNodes, locks } = await started();
      await take(testNodes, locks, "a", day);
      await forget(testNodes, locks);
      const operator = testNodes.locks({ ...options, quarantine, owner: "operator" });
      expect(await attempt(testNodes, operator, "c")).not.toBeNull();
      await settle();
      await pass(testNodes, 13_000);
      expect((await healths(testNodes, locks))[0]).toBe("ready");
    },
  );

  it("is waited for no longer than an operator says", async () => {
    const { testNodes, locks } = await started();
    await take(testNodes, locks, "a", day);
    await forget(testNodes, locks);
    const operator = testNodes.locks({ ...options, quarantine: 5_000, owner: "operator" });
    await attempt(testNodes, operator, "c");
    await settle();
    await operator.close();
    await pass(testNodes, 4_900);
    expect((await healths(testNodes, locks))[0]).toBe("quarantined");
    await pass(testNodes, 12_000);
    expect((await healths(testNodes, locks))[0]).toBe("ready");
  });
});

/** The way of one process to a node, on which its batches may be held up. */
function held(node: LockNode) {
  const batches: (() => void)[] = [];
  let holding = false;
  const way = wayTo(node, {
    execute: (batch) => {
      if (holding) batches.push(() => node.execute(batch));
      else node.execute(batch);
    },
  });
  const hold = () => {
    holding = true;
  };
  const go = () => {
    holding = false;
    for (const send of batches.splice(0)) send();
  };
  return { way, hold, go };
}

describe("a lease that is under way when the memory is lost", () => {
  /** The first node grants it and forgets that; the second one is asked `late` ms later, the third one never. */
  async function outrun(
    longer: number,
    late: number,
  ): Promise<{ testNodes: TestNodes; lease: Lease; other: Locks }> {
    const { testNodes, other } = await started();
    const ways = testNodes.nodes.map(held);
    const slow = testNodes.locks({ ...options, nodes: ways.map(({ way }) => way), nodeTimeout: 300 });
    await once(testNodes, slow, "first");
    for (const way of ways.slice(1)) way.hold();
    const pending = slow.acquire("a", { ttl: longer, renew: false });
    await settle();
    await forget(testNodes, other);
    await testNodes.clock.advance(late);
    ways[1]?.go();
    const lease = await testNodes.run(pending);
    expect(await testNodes.holders("a")).toEqual([false, true, false]);
    return { testNodes, lease, other };
  }

  it.each([
    ["a long one", 120_000],
    ["a short one, but longer than any before", 30_000],
  ])("is waited for: %s", async (_what, longer) => {
    const { testNodes, lease, other } = await outrun(longer, 250);
    while (lease.remaining() > 0) {
      expect(await attempt(testNodes, other, "a")).toBeNull();
      await testNodes.clock.advance(longer / 50);
    }
    await pass(testNodes, 0.02 * longer + 12_000);
    expect(await attempt(testNodes, other, "a")).not.toBeNull();
  });
});

describe("nobody looks more often than is needed", () => {
  /** How often the first node was asked for its memory. */
  async function looks(testNodes: TestNodes, ms: number): Promise<number> {
    const asked = vi.spyOn(testNodes.node(0), "identify");
    await pass(testNodes, ms);
    const { length } = asked.mock.calls;
    asked.mockRestore();
    return length;
  }

  it("where only short ones are waited for: when it has settled, and at the end", async () => {
    const { testNodes, locks } = await started();
    await once(testNodes, locks, "short", 60_000);
    await forget(testNodes, locks);
    expect(await looks(testNodes, 60_000)).toBeLessThanOrEqual(4);
  });

  it("where a long one is waited for: every second at first, every ten seconds later", async () => {
    const { testNodes, locks } = await started();
    await take(testNodes, locks, "a", day);
    await forget(testNodes, locks);
    expect(await looks(testNodes, 4_000)).toBeGreaterThanOrEqual(3);
    await pass(testNodes, 60_000);
    const later = await looks(testNodes, 100_000);
    expect(later).toBeLessThanOrEqual(14);
    expect(later).toBeGreaterThanOrEqual(7);
  });
});

describe("long and short leases together", () => {
  it("are waited for, the longest of the short ones and those of the long ones that are held", async () => {
    const { testNodes, locks, other } = await started();
    await once(testNodes, locks, "over", day);
    const short = await take(testNodes, locks, "short", 60_000);
    const long = await take(testNodes, locks, "long", 61_000);
    await forget(testNodes, locks);
    testNodes.node(2).crash();
    // The second node alone knows of them.
    await testNodes.run(long.release());
    await pass(testNodes, 59_000);
    testNodes.node(2).reconnect();
    expect(short.remaining()).toBeGreaterThan(0);
    expect(await attempt(testNodes, other, "short")).toBeNull();
    await pass(testNodes, 15_000);
    expect(await healths(testNodes, locks)).toEqual(["ready", "ready", "ready"]);
  });
});
