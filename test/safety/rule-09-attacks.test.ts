import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Lease, Locks } from "../../src/api/types.js";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import type { LocksOptions } from "../../src/lock/options.js";
import { listen, TestNodes } from "../manager/test-nodes.js";
import { wayTo } from "../support/way-to.js";
import { settle } from "./scripted-locks.js";

const ttl = 1_000;
const drift = 12;
const options = { ttl, nodeTimeout: 100 } as const;

beforeEach(() => void vi.spyOn(process, "emitWarning").mockReturnValue());
afterEach(() => vi.restoreAllMocks());

/** The way of one process to a node, on which what it sends may be held up. */
function delayed(node: LockNode) {
  const held: (() => void)[] = [];
  let holding: "all" | "changes" | "batches" | null = null;
  const over = (what: "changes" | "batches", send: () => void) => {
    if (holding === what || holding === "all") held.push(send);
    else send();
  };
  const way = wayTo(node, {
    identify: (id, change) =>
      change === null
        ? node.identify(id, null)
        : new Promise((resolve, reject) =>
            over("changes", () => void node.identify(id, change).then(resolve, reject)),
          ),
    execute: (batch) => over("batches", () => node.execute(batch)),
  });
  return {
    way,
    hold: (what: "all" | "changes" | "batches") => {
      holding = what;
    },
    pass: () => {
      holding = null;
      for (const send of held.splice(0)) send();
    },
    get held() {
      return held.length;
    },
  };
}

/** A process whose way to each node is its own, and slow. */
function slowly(testNodes: TestNodes, slow: Partial<LocksOptions>) {
  const ways = testNodes.nodes.map(delayed);
  return { ways, slow: testNodes.locks({ ...options, nodes: ways.map(({ way }) => way), ...slow }) };
}

/** All nodes have a memory: something was held, and released. */
async function remembering(testNodes: TestNodes, locks: Locks): Promise<void> {
  await (await testNodes.run(locks.acquire("first"))).release();
  await settle();
}

async function started(given: Partial<LocksOptions> = {}) {
  const testNodes = new TestNodes(3);
  const locks = testNodes.locks({ ...options, ...given });
  await remembering(testNodes, locks);
  return { testNodes, locks };
}

/** The third node misses a lease that the first one then forgets. */
async function forgotten(testNodes: TestNodes, locks: Locks): Promise<Lease> {
  testNodes.node(2).crash();
  const lease = await testNodes.run(locks.acquire("a", { renew: false }));
  testNodes.node(2).reconnect();
  testNodes.node(0).flush();
  return lease;
}

/** A long lease: the first node grants it, and then forgets; the second one is asked after `meanwhile`, the third one never. */
async function outrun(
  testNodes: TestNodes,
  ways: ReturnType<typeof slowly>["ways"],
  slow: Locks,
  meanwhile: () => Promise<unknown>,
): Promise<Lease> {
  for (const way of ways.slice(1)) way.hold("batches");
  const pending = slow.acquire("a", { ttl: 60_000, renew: false });
  await settle();
  testNodes.node(0).flush();
  await meanwhile();
  ways[1]?.pass();
  const lease = await testNodes.run(pending);
  expect(await testNodes.holders("a")).toEqual([false, true, false]);
  return lease;
}

const attempt = (testNodes: TestNodes, locks: Locks, resource: string) =>
  testNodes.run(locks.tryAcquire(resource).catch(() => null));

async function staysAlone(lease: Lease, testNodes: TestNodes, second: Locks): Promise<void> {
  const other = await attempt(testNodes, second, "a");
  expect(lease.remaining()).toBeGreaterThan(0);
  expect(other).toBeNull();
}

const secondOf = (testNodes: TestNodes) => testNodes.locks({ ...options, owner: "second" });

const healths = async (testNodes: TestNodes, locks: Locks) =>
  (await testNodes.run(locks.inspect("a"))).nodes.map(({ health }) => health);

describe("a minority that lost its memory never makes a second lease", () => {
  it("where others learn of a longer ttl only when it abstains already", async () => {
    const testNodes = new TestNodes(3);
    const { ways, slow } = slowly(testNodes, { nodeTimeout: 500 });
    await remembering(testNodes, slow);
    const second = secondOf(testNodes);
    const lease = await outrun(testNodes, ways, slow, async () => {
      await attempt(testNodes, second, "b");
      await attempt(testNodes, second, "b");
      await settle();
    });
    await testNodes.clock.advance(ttl + 4 * drift);
    await staysAlone(lease, testNodes, second);
  });

  it("where the first round of all was under way", async () => {
    const testNodes = new TestNodes(3);
    const { ways, slow } = slowly(testNodes, { nodeTimeout: 500 });
    const second = secondOf(testNodes);
    const lease = await outrun(testNodes, ways, slow, () => testNodes.run(second.tryAcquire("b")));
    for (let time = 0; time < 5; time++) {
      await staysAlone(lease, testNodes, second);
      await testNodes.clock.advance(ttl);
    }
  });

  it("where what a process once decided for a new server arrives when it is one no more", async () => {
    const testNodes = new TestNodes(3);
    for (const node of testNodes.nodes) node.flush();
    const { ways, slow } = slowly(testNodes, { owner: "slow" });
    for (const way of ways) way.hold("changes");
    const dozing = slow.tryAcquire("b").catch(() => null);
    await settle();
    await settle();
    expect(ways[0]?.held).toBe(1);
    const first = testNodes.locks(options);
    await remembering(testNodes, first);
    const lease = await forgotten(testNodes, first);
    ways[0]?.pass();
    await settle();
    await staysAlone(lease, testNodes, secondOf(testNodes));
    for (const way of ways) way.pass();
    await testNodes.run(dozing);
  });

  it("where the end of its abstention arrives when it has been restarted with an old snapshot", async () => {
    const { testNodes, locks: first } = await started();
    const node = testNodes.node(0);
    node.flush();
    await testNodes.run(first.acquire("b", { renew: false }));
    await first.close();
    await testNodes.clock.advance(ttl + 2 * drift);
    const { memory } = await node.identify("late", null);
    expect(memory).toMatchObject({ state: "abstaining", left: 0 });
    // Decided in its old life.
    node.restart({ keepMemory: true });
    const change = { marker: memory?.marker ?? "", abstention: null, longest: ttl, watermark: 0 };
    expect((await node.identify("late", change)).memory?.state).not.toBe("kept");
  });

  it("where somebody asks only that node who holds what", async () => {
    const { testNodes, locks: first } = await started();
    const lease = await forgotten(testNodes, first);
    const curious = testNodes.locks({ ...options, nodes: [testNodes.node(0)] });
    await testNodes.run(curious.inspect("a"));
    await settle();
    await staysAlone(lease, testNodes, secondOf(testNodes));
  });
});

describe("fences", () => {
  it.each([["auto"], [2_000]] as const)(
    "do not step back where a node ends its quarantine (%s) while one of the others is away",
    async (quarantine) => {
      const { testNodes, locks: first } = await started({ quarantine });
      testNodes.node(2).crash();
      const lease = await testNodes.run(first.acquire("a", { fence: true }));
      await testNodes.run(lease.release());
      await first.close();
      testNodes.node(2).reconnect();
      testNodes.node(0).flush();
      testNodes.node(1).crash();
      testNodes.clock.stepWall(-3_600_000);
      const second = testNodes.locks({ ...options, quarantine, owner: "second" });
      await attempt(testNodes, second, "b");
      await testNodes.clock.advance(2_100);
      const next = await testNodes.run(second.tryAcquire("a", { fence: true }).catch(() => null));
      if (next !== null) expect(next.fence).toBeGreaterThan(lease.fence);
    },
  );
});

describe("what is shown of a node that abstains", () => {
  const abstaining = async () => {
    const { testNodes, locks } = await started();
    testNodes.node(0).flush();
    await attempt(testNodes, locks, "a");
    await settle();
    expect((await healths(testNodes, locks))[0]).toBe("quarantined");
    return { testNodes, locks };
  };

  it("is that it still does when only its connection was gone", async () => {
    const { testNodes, locks } = await abstaining();
    testNodes.node(0).crash();
    testNodes.node(0).reconnect();
    await settle();
    await settle();
    expect((await healths(testNodes, locks))[0]).toBe("quarantined");
  });

  it("is that it still does when it was silent for long", async () => {
    const { testNodes, locks } = await abstaining();
    testNodes.node(0).hang();
    for (let time = 0; time < 6; time++) {
      const inspected = locks.inspect("a");
      await testNodes.clock.advance(110);
      await inspected;
    }
    expect((await healths(testNodes, locks))[0]).toBe("unresponsive");
    testNodes.node(0).wake();
    await settle();
    expect((await healths(testNodes, locks))[0]).toBe("quarantined");
  });
});

describe("the review of lost memories", () => {
  it("leaves no timer when the manager is closed in the middle of it", async () => {
    const { testNodes, locks } = await started();
    testNodes.node(1).hang();
    testNodes.node(0).flush();
    const asked = locks.tryAcquire("a").catch(() => null);
    await settle();
    const closed = locks.close();
    await settle();
    testNodes.node(1).wake();
    await testNodes.run(asked);
    await testNodes.run(closed);
    expect(testNodes.clock.pending).toBe(0);
  });

  it("goes on where an answer comes late", async () => {
    const { testNodes, locks } = await started();
    testNodes.node(0).flush();
    testNodes.node(0).hang();
    const asked = locks.tryAcquire("a").catch(() => null);
    await testNodes.clock.advance(150);
    testNodes.node(0).wake();
    await testNodes.run(asked);
    await testNodes.clock.advance(2 * ttl);
    await attempt(testNodes, locks, "b");
    await testNodes.clock.advance(2 * ttl);
    expect((await healths(testNodes, locks))[0]).toBe("ready");
    expect(listen(locks)).toEqual([]);
  });
});
