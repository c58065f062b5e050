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

/** The path of one process to a node. The test may delay its requests. */
function delayed(node: LockNode) {
  const held: (() => void)[] = [];
  let holding: "all" | "changes" | "batches" | null = null;
  const over = (what: "changes" | "batches", send: () => void) => {
    if (holding === what || holding === "all") held.push(send);
    else send();
  };
  const path = wayTo(node, {
    identify: (id, change) =>
      change === null
        ? node.identify(id, null)
        : new Promise((resolve, reject) =>
            over("changes", () => void node.identify(id, change).then(resolve, reject)),
          ),
    execute: (batch) => over("batches", () => node.execute(batch)),
  });
  return {
    path,
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

/** A process with its own slow path to each node. */
function slowProcess(testNodes: TestNodes, slow: Partial<LocksOptions>) {
  const paths = testNodes.nodes.map(delayed);
  return { paths, slow: testNodes.locks({ ...options, nodes: paths.map(({ path }) => path), ...slow }) };
}

/** Acquires and releases a lease, so that all nodes have a memory. */
async function giveAllMemory(testNodes: TestNodes, locks: Locks): Promise<void> {
  await (await testNodes.run(locks.acquire("first"))).release();
  await settle();
}

async function started(given: Partial<LocksOptions> = {}) {
  const testNodes = new TestNodes(3);
  const locks = testNodes.locks({ ...options, ...given });
  await giveAllMemory(testNodes, locks);
  return { testNodes, locks };
}

/** Acquires a lease that the third node misses, and then clears the first node. */
async function leaseThenLoss(testNodes: TestNodes, locks: Locks): Promise<Lease> {
  testNodes.node(2).crash();
  const lease = await testNodes.run(locks.acquire("a", { renew: false }));
  testNodes.node(2).reconnect();
  testNodes.node(0).flush();
  return lease;
}

/** Acquires a long lease. The first node grants and is cleared, the second is asked after `beforeSecond`, the third never. */
async function grantBeforeLoss(
  testNodes: TestNodes,
  paths: ReturnType<typeof slowProcess>["paths"],
  slow: Locks,
  beforeSecond: () => Promise<unknown>,
): Promise<Lease> {
  for (const path of paths.slice(1)) path.hold("batches");
  const pending = slow.acquire("a", { ttl: 60_000, renew: false });
  await settle();
  testNodes.node(0).flush();
  await beforeSecond();
  paths[1]?.pass();
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

const nodeHealth = async (testNodes: TestNodes, locks: Locks) =>
  (await testNodes.run(locks.inspect("a"))).nodes.map(({ health }) => health);

describe("a minority that lost its memory never allows a second lease", () => {
  it("when other nodes see a longer TTL only after the abstention has begun", async () => {
    const testNodes = new TestNodes(3);
    const { paths, slow } = slowProcess(testNodes, { nodeTimeout: 500 });
    await giveAllMemory(testNodes, slow);
    const second = secondOf(testNodes);
    const lease = await grantBeforeLoss(testNodes, paths, slow, async () => {
      await attempt(testNodes, second, "b");
      await attempt(testNodes, second, "b");
      await settle();
    });
    await testNodes.clock.advance(ttl + 4 * drift);
    await staysAlone(lease, testNodes, second);
  });

  it("when the very first round was in progress", async () => {
    const testNodes = new TestNodes(3);
    const { paths, slow } = slowProcess(testNodes, { nodeTimeout: 500 });
    const second = secondOf(testNodes);
    const lease = await grantBeforeLoss(testNodes, paths, slow, () => testNodes.run(second.tryAcquire("b")));
    for (let time = 0; time < 5; time++) {
      await staysAlone(lease, testNodes, second);
      await testNodes.clock.advance(ttl);
    }
  });

  it("when a decision for a new server arrives after the server is in use", async () => {
    const testNodes = new TestNodes(3);
    for (const node of testNodes.nodes) node.flush();
    const { paths, slow } = slowProcess(testNodes, { owner: "slow" });
    for (const path of paths) path.hold("changes");
    const delayedAttempt = slow.tryAcquire("b").catch(() => null);
    await settle();
    await settle();
    expect(paths[0]?.held).toBe(1);
    const first = testNodes.locks(options);
    await giveAllMemory(testNodes, first);
    const lease = await leaseThenLoss(testNodes, first);
    paths[0]?.pass();
    await settle();
    await staysAlone(lease, testNodes, secondOf(testNodes));
    for (const path of paths) path.pass();
    await testNodes.run(delayedAttempt);
  });

  it("when the end of its abstention arrives after a restart with an old snapshot", async () => {
    const { testNodes, locks: first } = await started();
    const node = testNodes.node(0);
    node.flush();
    await testNodes.run(first.acquire("b", { renew: false }));
    await first.close();
    await testNodes.clock.advance(ttl + 2 * drift);
    const { memory } = await node.identify("late", null);
    expect(memory).toMatchObject({ state: "abstaining", left: 0 });
    // The change was decided before the restart.
    node.restart({ keepMemory: true });
    const change = { marker: memory?.marker ?? "", abstention: null, longest: ttl, watermark: 0 };
    expect((await node.identify("late", change)).memory?.state).not.toBe("kept");
  });

  it("when a process inspects only that node", async () => {
    const { testNodes, locks: first } = await started();
    const lease = await leaseThenLoss(testNodes, first);
    const inspector = testNodes.locks({ ...options, nodes: [testNodes.node(0)] });
    await testNodes.run(inspector.inspect("a"));
    await settle();
    await staysAlone(lease, testNodes, secondOf(testNodes));
  });
});

describe("fences", () => {
  it.each([["auto"], [2_000]] as const)(
    "do not decrease when a node ends its quarantine (%s) while another node is down",
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

describe("the health of an abstaining node", () => {
  const abstaining = async () => {
    const { testNodes, locks } = await started();
    testNodes.node(0).flush();
    await attempt(testNodes, locks, "a");
    await settle();
    expect((await nodeHealth(testNodes, locks))[0]).toBe("quarantined");
    return { testNodes, locks };
  };

  it("is still quarantined after a reconnection", async () => {
    const { testNodes, locks } = await abstaining();
    testNodes.node(0).crash();
    testNodes.node(0).reconnect();
    await settle();
    await settle();
    expect((await nodeHealth(testNodes, locks))[0]).toBe("quarantined");
  });

  it("is still quarantined after a long unresponsive time", async () => {
    const { testNodes, locks } = await abstaining();
    testNodes.node(0).hang();
    for (let time = 0; time < 6; time++) {
      const inspected = locks.inspect("a");
      await testNodes.clock.advance(110);
      await inspected;
    }
    expect((await nodeHealth(testNodes, locks))[0]).toBe("unresponsive");
    testNodes.node(0).wake();
    await settle();
    expect((await nodeHealth(testNodes, locks))[0]).toBe("quarantined");
  });
});

describe("the review of lost memories", () => {
  it("leaves no timer when the manager is closed during the review", async () => {
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

  it("continues after a late answer", async () => {
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
    expect((await nodeHealth(testNodes, locks))[0]).toBe("ready");
    expect(listen(locks)).toEqual([]);
  });
});
