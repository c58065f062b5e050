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

const acquireLease = (testNodes: TestNodes, locks: Locks, resource: string, longer = ttl) =>
  testNodes.run(locks.acquire(resource, { ttl: longer, renew: false }));

async function acquireAndRelease(
  testNodes: TestNodes,
  locks: Locks,
  resource: string,
  longer = ttl,
): Promise<void> {
  await testNodes.run((await acquireLease(testNodes, locks, resource, longer)).release());
  await settle();
}

async function started(size = 3) {
  const testNodes = new TestNodes(size);
  const locks = testNodes.locks(options);
  await acquireAndRelease(testNodes, locks, "first");
  return { testNodes, locks, other: testNodes.locks({ ...options, owner: "other" }) };
}

const nodeHealth = async (testNodes: TestNodes, locks: Locks) =>
  (await testNodes.run(locks.inspect("a"))).nodes.map(({ health }) => health);

/** Clears the first node, and makes the manager detect the loss. */
async function loseMemory(testNodes: TestNodes, locks: Locks): Promise<void> {
  testNodes.node(0).flush();
  await attempt(testNodes, locks, "b");
  await settle();
  expect((await nodeHealth(testNodes, locks))[0]).toBe("quarantined");
}

/** Advances the clock in small steps, so that timers run close to their times. */
async function advanceInSteps(testNodes: TestNodes, ms: number): Promise<void> {
  const steps = 200;
  for (let step = 0; step < steps; step++) await testNodes.clock.advance(ms / steps);
}

describe("a finished lease with a TTL of a day", () => {
  it("does not extend the abstention when nodes lose their memory, one after the other", async () => {
    const { testNodes, locks } = await started();
    await acquireAndRelease(testNodes, locks, "long", day);
    for (const node of [0, 1]) {
      testNodes.node(node).restart();
      await attempt(testNodes, locks, "b");
      await testNodes.clock.advance(ttl / 2);
    }
    await testNodes.clock.advance(2 * short);
    expect(await nodeHealth(testNodes, locks)).toEqual(["ready", "ready", "ready"]);
    expect(await attempt(testNodes, locks, "b")).not.toBeNull();
  });

  it("extends the abstention until it expires when it was never released", async () => {
    const { testNodes, locks } = await started();
    const lease = await acquireLease(testNodes, locks, "a", 100_000);
    await loseMemory(testNodes, locks);
    await advanceInSteps(testNodes, 100_000 - short);
    expect(lease.remaining()).toBeGreaterThan(0);
    expect((await nodeHealth(testNodes, locks))[0]).toBe("quarantined");
    await advanceInSteps(testNodes, 1_002 + 2 * short);
    expect((await nodeHealth(testNodes, locks))[0]).toBe("ready");
  });
});

describe("a held lease with a TTL of a day", () => {
  it("is granted to no other client when two nodes lose their memory", async () => {
    const { testNodes, locks, other } = await started();
    const hour = day / 24;
    const lease = await acquireLease(testNodes, locks, "a", hour);
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

  it("extends the abstention only until its release", async () => {
    const { testNodes, locks, other } = await started();
    const lease = await acquireLease(testNodes, locks, "a", day);
    const events = listen(other);
    await attempt(testNodes, other, "b");
    await loseMemory(testNodes, other);
    await advanceInSteps(testNodes, 60_000);
    expect((await nodeHealth(testNodes, other))[0]).toBe("quarantined");
    const ends = events.flatMap(({ name, event }) => (name === "nodeQuarantined" ? [event.until] : []));
    // One event for the detection and at most one after the settling time, not one per review.
    expect(ends.length).toBeLessThanOrEqual(2);
    await testNodes.run(lease.release());
    await advanceInSteps(testNodes, 13_000);
    expect((await nodeHealth(testNodes, other))[0]).toBe("ready");
  });

  it("extends the abstention for later processes as well", async () => {
    const { testNodes, locks } = await started();
    const lease = await acquireLease(testNodes, locks, "a", day);
    await loseMemory(testNodes, locks);
    const late = testNodes.locks({ ...options, owner: "late" });
    await attempt(testNodes, late, "b");
    await advanceInSteps(testNodes, 30_000);
    expect((await nodeHealth(testNodes, late))[0]).toBe("quarantined");
    await testNodes.run(lease.release());
    await advanceInSteps(testNodes, 13_000);
    expect((await nodeHealth(testNodes, late))[0]).toBe("ready");
  });

  it("does not extend the abstention with each renewal", async () => {
    const { testNodes, locks } = await started();
    const lease = await acquireLease(testNodes, locks, "a", 100_000);
    await loseMemory(testNodes, locks);
    for (let time = 0; time < 8; time++) {
      await advanceInSteps(testNodes, 13_000);
      await testNodes.run(lease.renew(100_000));
    }
    expect((await nodeHealth(testNodes, locks))[0]).toBe("ready");
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(await attempt(testNodes, testNodes.locks({ ...options, owner: "other" }), "a")).toBeNull();
  });

  it("does not extend the abstention when other long leases follow", async () => {
    const { testNodes, locks } = await started();
    const old = await acquireLease(testNodes, locks, "a", day);
    await loseMemory(testNodes, locks);
    await advanceInSteps(testNodes, 60_000);
    const young = await acquireLease(testNodes, locks, "young", day);
    await testNodes.run(old.release());
    await advanceInSteps(testNodes, 60_000);
    expect((await nodeHealth(testNodes, locks))[0]).toBe("ready");
    expect(young.remaining()).toBeGreaterThan(0);
  });

  it("is named in the error as the reason of the abstention, with the way to end the abstention", async () => {
    const { testNodes, locks, other } = await started();
    await acquireLease(testNodes, locks, "a", day);
    await loseMemory(testNodes, locks);
    testNodes.node(1).crash();
    const error = await testNodes.run(other.tryAcquire("b").catch((reason: unknown) => reason));
    expect(String(error)).toMatch(
      /node-0: it is new, or lost its memory, and waits for leases longer than 1 min to be released or to run out \(holdfast admit ends that\); it votes again in 24 h 14 min/,
    );
  });

  it("is reported by inspect() with the end and the cause of the abstention", async () => {
    const { testNodes, locks } = await started();
    await acquireLease(testNodes, locks, "a", day);
    await loseMemory(testNodes, locks);
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
    "does not extend the abstention when an operator ends the quarantine: quarantine %s",
    async (quarantine) => {
      const { testNodes, locks } = await started();
      await acquireLease(testNodes, locks, "a", day);
      await loseMemory(testNodes, locks);
      const operator = testNodes.locks({ ...options, quarantine, owner: "operator" });
      expect(await attempt(testNodes, operator, "c")).not.toBeNull();
      await settle();
      await advanceInSteps(testNodes, 13_000);
      expect((await nodeHealth(testNodes, locks))[0]).toBe("ready");
    },
  );

  it("extends the abstention no longer than an operator's quarantine", async () => {
    const { testNodes, locks } = await started();
    await acquireLease(testNodes, locks, "a", day);
    await loseMemory(testNodes, locks);
    const operator = testNodes.locks({ ...options, quarantine: 5_000, owner: "operator" });
    await attempt(testNodes, operator, "c");
    await settle();
    await operator.close();
    await advanceInSteps(testNodes, 4_900);
    expect((await nodeHealth(testNodes, locks))[0]).toBe("quarantined");
    await advanceInSteps(testNodes, 12_000);
    expect((await nodeHealth(testNodes, locks))[0]).toBe("ready");
  });
});

/** The path of one process to a node. The test may delay its batches. */
function delayed(node: LockNode) {
  const batches: (() => void)[] = [];
  let holding = false;
  const path = wayTo(node, {
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
  return { path, hold, go };
}

describe("a lease that is being acquired when the memory is lost", () => {
  /** Acquires a lease. The first node grants and is cleared, the second is asked `late` ms later, the third never. */
  async function grantBeforeLoss(
    longer: number,
    late: number,
  ): Promise<{ testNodes: TestNodes; lease: Lease; other: Locks }> {
    const { testNodes, other } = await started();
    const paths = testNodes.nodes.map(delayed);
    const slow = testNodes.locks({ ...options, nodes: paths.map(({ path }) => path), nodeTimeout: 300 });
    await acquireAndRelease(testNodes, slow, "first");
    for (const path of paths.slice(1)) path.hold();
    const pending = slow.acquire("a", { ttl: longer, renew: false });
    await settle();
    await loseMemory(testNodes, other);
    await testNodes.clock.advance(late);
    paths[1]?.go();
    const lease = await testNodes.run(pending);
    expect(await testNodes.holders("a")).toEqual([false, true, false]);
    return { testNodes, lease, other };
  }

  it.each([
    ["a long lease", 120_000],
    ["a short lease that is longer than any earlier lease", 30_000],
  ])("extends the abstention: %s", async (_what, longer) => {
    const { testNodes, lease, other } = await grantBeforeLoss(longer, 250);
    while (lease.remaining() > 0) {
      expect(await attempt(testNodes, other, "a")).toBeNull();
      await testNodes.clock.advance(longer / 50);
    }
    await advanceInSteps(testNodes, 0.02 * longer + 12_000);
    expect(await attempt(testNodes, other, "a")).not.toBeNull();
  });
});

describe("the nodes are reviewed no more often than necessary", () => {
  /** Returns how often the first node was asked for its memory. */
  async function reviews(testNodes: TestNodes, ms: number): Promise<number> {
    const asked = vi.spyOn(testNodes.node(0), "identify");
    await advanceInSteps(testNodes, ms);
    const { length } = asked.mock.calls;
    asked.mockRestore();
    return length;
  }

  it("with short leases only: after the settling time, every ten seconds, and at the end", async () => {
    const { testNodes, locks } = await started();
    await acquireAndRelease(testNodes, locks, "short", 60_000);
    await loseMemory(testNodes, locks);
    expect(await reviews(testNodes, 60_000)).toBeLessThanOrEqual(11);
  });

  it("with a long lease: every second at first, every ten seconds later", async () => {
    const { testNodes, locks } = await started();
    await acquireLease(testNodes, locks, "a", day);
    await loseMemory(testNodes, locks);
    expect(await reviews(testNodes, 4_000)).toBeGreaterThanOrEqual(3);
    await advanceInSteps(testNodes, 60_000);
    const later = await reviews(testNodes, 100_000);
    expect(later).toBeLessThanOrEqual(14);
    expect(later).toBeGreaterThanOrEqual(7);
  });
});

describe("long and short leases together", () => {
  it("extend the abstention to the longest short TTL and the held long leases", async () => {
    const { testNodes, locks, other } = await started();
    await acquireAndRelease(testNodes, locks, "over", day);
    const short = await acquireLease(testNodes, locks, "short", 60_000);
    const long = await acquireLease(testNodes, locks, "long", 61_000);
    await loseMemory(testNodes, locks);
    testNodes.node(2).crash();
    // Only the second node knows the leases now.
    await testNodes.run(long.release());
    await advanceInSteps(testNodes, 59_000);
    testNodes.node(2).reconnect();
    expect(short.remaining()).toBeGreaterThan(0);
    expect(await attempt(testNodes, other, "short")).toBeNull();
    await advanceInSteps(testNodes, 15_000);
    expect(await nodeHealth(testNodes, locks)).toEqual(["ready", "ready", "ready"]);
  });
});
