import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Lease, Locks } from "../../src/api/types.js";
import { memoryNode } from "../../src/clients/memory/memory-node.js";
import { listen, TestNodes } from "../manager/test-nodes.js";
import { settle } from "./scripted-locks.js";

const ttl = 1_000;
/** ms: the TTL plus the clock drift over it. */
const quarantine = ttl + 12;

/** The codes of the warnings that the process emitted. */
let warned: string[];
beforeEach(() => {
  warned = [];
  vi.spyOn(process, "emitWarning").mockImplementation((_, options) => {
    warned.push((options as { code: string }).code);
  });
});
afterEach(() => vi.restoreAllMocks());

async function started(size = 3, options: Parameters<TestNodes["locks"]>[0] = {}) {
  const testNodes = new TestNodes(size);
  const locks = testNodes.locks({ ttl, nodeTimeout: 100, ...options });
  const events = listen(locks);
  await (await testNodes.run(locks.acquire("first"))).release();
  return { testNodes, locks, events };
}

/** Acquires a lease that the third node misses, and then makes the first node lose its memory. */
async function leaseThenLoss(testNodes: TestNodes, locks: Locks, loseMemory: () => void): Promise<Lease> {
  testNodes.node(2).crash();
  const lease = await testNodes.run(locks.acquire("a", { renew: false }));
  testNodes.node(2).reconnect();
  loseMemory();
  await settle();
  return lease;
}

const nodeHealth = async (testNodes: TestNodes, locks: Locks) =>
  (await testNodes.run(locks.inspect("a"))).nodes.map(({ health }) => health);

describe("rule 9: a node that lost its memory does not vote", () => {
  describe.each([
    ["was flushed", (testNodes: TestNodes) => testNodes.node(0).flush()],
    ["restarted empty", (testNodes: TestNodes) => testNodes.node(0).restart()],
    [
      "restarted with a possibly outdated memory",
      (testNodes: TestNodes) => testNodes.node(0).restart({ keepMemory: true }),
    ],
  ])("and %s", (_, loseMemory) => {
    it("until every lease that it may have granted has expired", async () => {
      const { testNodes, locks } = await started();
      const lease = await leaseThenLoss(testNodes, locks, () => loseMemory(testNodes));
      const second = testNodes.locks({ ttl, nodeTimeout: 100, owner: "second" });
      const secondEvents = listen(second);
      const error = await testNodes.run(second.tryAcquire("a").catch((reason: unknown) => reason));
      expect(error).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
      expect(String(error)).toContain("node-0: it is new, or lost its memory; it votes again in");
      expect(lease.remaining()).toBeGreaterThan(0);
      expect(await nodeHealth(testNodes, second)).toEqual(["quarantined", "ready", "ready"]);
      await testNodes.clock.advance(quarantine + 10);
      expect(lease.remaining()).toBe(0);
      expect(await testNodes.run(second.tryAcquire("a"))).not.toBeNull();
      expect(await nodeHealth(testNodes, second)).toEqual(["ready", "ready", "ready"]);
      const health = secondEvents.filter(({ event }) => event.node === "node-0");
      expect(health.map(({ name }) => name)).toEqual(["nodeQuarantined", "nodeUp"]);
      expect(warned).toEqual([]);
    });
  });

  it("is reported with the time at which it votes again", async () => {
    const { testNodes, locks, events } = await started();
    const time = testNodes.clock.wall();
    testNodes.node(0).flush();
    await testNodes.run(locks.acquire("a"));
    await settle();
    expect(events.find(({ name }) => name === "nodeQuarantined")?.event).toEqual({
      type: "nodeQuarantined",
      node: "node-0",
      time,
      until: time + quarantine,
      cause: "it is new, or lost its memory",
    });
  });

  it("abstains for the longest TTL that the other nodes were ever asked for", async () => {
    const { testNodes, locks } = await started();
    await (await testNodes.run(locks.acquire("long", { ttl: 5_000 }))).release();
    testNodes.node(0).flush();
    await testNodes.run(locks.acquire("a"));
    await testNodes.clock.advance(quarantine + 10);
    expect((await nodeHealth(testNodes, locks))[0]).toBe("quarantined");
    await testNodes.clock.advance(5_052 - quarantine);
    expect((await nodeHealth(testNodes, locks))[0]).toBe("ready");
  });

  it("ends its quarantine for all processes, including later ones", async () => {
    const { testNodes, locks } = await started();
    testNodes.node(0).flush();
    await testNodes.run(locks.acquire("a"));
    await locks.close();
    await testNodes.clock.advance(ttl / 2);
    const late = testNodes.locks({ ttl, nodeTimeout: 100 });
    expect(await testNodes.run(late.tryAcquire("b"))).not.toBeNull();
    expect((await nodeHealth(testNodes, late))[0]).toBe("quarantined");
    await testNodes.clock.advance(ttl / 2 + 20);
    expect((await nodeHealth(testNodes, late))[0]).toBe("ready");
  });

  it("has no end of its quarantine while too few other nodes answer, and the error names them", async () => {
    const { testNodes, locks, events } = await started();
    testNodes.node(1).crash();
    testNodes.node(0).flush();
    const attempt = () => testNodes.run(locks.tryAcquire("a").catch((error: unknown) => error));
    await attempt();
    expect(String(await attempt())).toContain("known only when node-1 can be asked");
    await testNodes.clock.advance(10 * ttl);
    expect(events.filter(({ name }) => name === "nodeQuarantined").at(-1)?.event.until).toBeNull();
    testNodes.node(1).reconnect();
    await settle();
    expect(events.filter(({ name }) => name === "nodeQuarantined").at(-1)?.event.until).toBeGreaterThan(0);
    await testNodes.clock.advance(quarantine + 10);
    expect((await nodeHealth(testNodes, locks))[0]).toBe("ready");
  });

  it("is not part of a cold start when a minority lost a grant and the other grantors are unresponsive", async () => {
    const testNodes = new TestNodes(3);
    const first = testNodes.locks({ ttl, nodeTimeout: 100 });
    testNodes.node(1).crash();
    const lease = await testNodes.run(first.acquire("a", { renew: false }));
    testNodes.node(0).flush();
    testNodes.node(2).crash();
    testNodes.node(1).reconnect();
    const second = testNodes.locks({ ttl, nodeTimeout: 100, owner: "second" });
    const error = await testNodes.run(second.tryAcquire("a").catch((reason: unknown) => reason));
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(error).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
    expect(warned).toEqual([]);
  });

  it("leaves no timer when the manager is closed during a request to a node", async () => {
    const { testNodes, locks } = await started();
    testNodes.node(0).flush();
    await testNodes.run(locks.acquire("a").then((lease) => lease.release()));
    testNodes.node(1).hang();
    await testNodes.clock.advance(quarantine - 5);
    await testNodes.clock.advance(20);
    await locks.close();
    expect(testNodes.clock.pending).toBe(0);
  });

  it("still executes releases and inspections", async () => {
    const { testNodes, locks } = await started();
    const lease = await testNodes.run(locks.acquire("a", { renew: false }));
    testNodes.node(0).restart({ keepMemory: true });
    await testNodes.run(locks.tryAcquire("b"));
    expect((await nodeHealth(testNodes, locks))[0]).toBe("quarantined");
    expect(await testNodes.holders("a")).toEqual([true, true, true]);
    await testNodes.run(lease.release());
    await settle();
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
  });

  it("adopts the fences of a majority before it accepts a fence", async () => {
    const { testNodes, locks } = await started();
    let last = 0;
    for (let round = 0; round < 4; round++) {
      // Only two nodes have seen the fence, and one of them loses its memory next.
      testNodes.node(2).crash();
      const lease = await testNodes.run(locks.acquire("a", { fence: true }));
      expect(lease.fence).toBeGreaterThan(last);
      last = lease.fence;
      await testNodes.run(lease.release());
      testNodes.node(2).reconnect();
      testNodes.node(0).flush();
      await testNodes.run(locks.tryAcquire("b").catch(() => null));
      await testNodes.clock.advance(quarantine + 10);
      // Now only the two other nodes vote.
      testNodes.node(1).crash();
      testNodes.clock.stepWall(-60_000);
      const other = testNodes.locks({ ttl, nodeTimeout: 100, owner: "other" });
      const next = await testNodes.run(other.acquire("a", { fence: true }));
      expect(next.fence).toBeGreaterThan(last);
      last = next.fence;
      await testNodes.run(next.release());
      testNodes.node(1).reconnect();
      await testNodes.clock.advance(10);
    }
  });

  it.each([1, 3, 5])(
    "delays no acquisition when a whole set of %i is new, and causes a warning with several nodes",
    async (size) => {
      const testNodes = new TestNodes(size, `new-of-${size}`);
      for (const node of testNodes.nodes) node.flush();
      const [one, two] = [testNodes.locks({ ttl }), testNodes.locks({ ttl, owner: "two" })];
      const [first, second] = await testNodes.run(Promise.all([one.acquire("a"), two.acquire("b")]), 300);
      expect([first.remaining() > 0, second.remaining() > 0]).toEqual([true, true]);
      expect(new Set(warned)).toEqual(new Set(size === 1 ? [] : ["COLD_START"]));
    },
  );

  it("is not part of a new set while an unresponsive node may have a memory", async () => {
    const testNodes = new TestNodes();
    const unreached = memoryNode("node-2", { clock: testNodes.clock });
    unreached.crash();
    const ours = testNodes.locks({ nodes: [testNodes.node(0), testNodes.node(1), unreached], ttl: 10_000 });
    const others = testNodes.locks({ owner: "others", ttl: 10_000, nodeTimeout: 100 });
    const lease = await testNodes.run(ours.acquire("a", { renew: false }));
    testNodes.node(1).restart();
    testNodes.node(0).hang();
    const attempt = () => testNodes.run(others.tryAcquire("a").catch((error: unknown) => error));
    await attempt();
    await testNodes.clock.advance(1_000);
    expect(String(await attempt())).toMatch(/node-1: .*is known only when node-0 can be asked/);
    expect(lease.remaining()).toBeGreaterThan(0);
    testNodes.node(0).wake();
    await testNodes.clock.advance(10_200);
    expect(await testNodes.run(others.tryAcquire("a"))).not.toBeNull();
  });

  it("is named in the error of the first attempt when a new set grants nothing because a node hangs", async () => {
    const testNodes = new TestNodes();
    for (const node of testNodes.nodes) node.flush();
    testNodes.node(2).hang();
    const locks = testNodes.locks({ ttl, nodeTimeout: 100 });
    const failure = await testNodes.run(locks.tryAcquire("a").catch((error: unknown) => error));
    expect(String(failure)).toContain(
      "node-0: it has no memory; whether it is new, or how long it must abstain, is known only",
    );
    testNodes.node(2).wake();
    await testNodes.clock.advance(2_000);
    expect(await testNodes.run(locks.tryAcquire("a"))).not.toBeNull();
  });

  it("is reviewed at a limited rate while another node is unresponsive", async () => {
    const { testNodes, locks } = await started();
    testNodes.node(0).flush();
    testNodes.node(1).hang();
    await testNodes.run(locks.tryAcquire("a").catch(() => null));
    const { after } = testNodes.clock;
    let timers = 0;
    testNodes.clock.after = (...args) => {
      timers++;
      return after.apply(testNodes.clock, args);
    };
    await testNodes.clock.advance(60_000);
    expect(timers).toBeLessThan(60 * 10);
  });

  it("is not changed by an inspection", async () => {
    const testNodes = new TestNodes();
    for (const node of testNodes.nodes) node.flush();
    const locks = testNodes.locks();
    await testNodes.run(locks.inspect("a"));
    await testNodes.clock.advance(5_000);
    for (const node of testNodes.nodes) expect((await node.identify("", null)).memory?.marker).toBe("");
    expect(warned).toEqual([]);
    expect((await testNodes.run(locks.acquire("a"))).remaining()).toBeGreaterThan(0);
  });

  it("answers inspections, even of a process that asks it for the first time", async () => {
    const { testNodes, locks } = await started();
    testNodes.node(0).flush();
    const states = async () => {
      const first = testNodes.locks({ ttl, nodeTimeout: 100 });
      return (await testNodes.run(first.inspect("a"))).nodes.map(({ state }) => state);
    };
    expect(await states()).toEqual(["free", "free", "free"]);
    await testNodes.run(locks.tryAcquire("b"));
    expect(await states()).toEqual(["free", "free", "free"]);
  });

  it("is shown as abstaining to a process that only inspects", async () => {
    const { testNodes, locks } = await started();
    testNodes.node(0).flush();
    await testNodes.run(locks.tryAcquire("a"));
    expect(await nodeHealth(testNodes, testNodes.locks())).toEqual(["quarantined", "ready", "ready"]);
  });

  it("causes a warning and votes at once when it is the only node", async () => {
    const { testNodes, locks } = await started(1);
    testNodes.node(0).restart();
    await testNodes.run(locks.tryAcquire("a"));
    expect(warned).toEqual(["COLD_START"]);
  });

  it("abstains for the configured time, even as the only node and when all nodes lost their memory", async () => {
    for (const size of [1, 3]) {
      const { testNodes, locks } = await started(size, { quarantine: 4_000 });
      for (const node of testNodes.nodes) node.flush();
      await expect(testNodes.run(locks.tryAcquire("a"))).rejects.toThrow(/it does not remember/);
      await expect(testNodes.run(locks.tryAcquire("a"))).rejects.toThrow(/it votes again in/);
      await testNodes.clock.advance(3_900);
      await expect(testNodes.run(locks.tryAcquire("a"))).rejects.toThrow(/it votes again in/);
      await testNodes.clock.advance(200);
      expect(await testNodes.run(locks.tryAcquire("a"))).not.toBeNull();
    }
    expect(warned).toEqual([]);
  });

  it("votes at once with quarantine: false, for servers that write to disk before the reply", async () => {
    const { testNodes, locks, events } = await started(3, { quarantine: false });
    for (const node of testNodes.nodes) node.flush();
    expect(await testNodes.run(locks.tryAcquire("a"), 5)).not.toBeNull();
    expect(events.map(({ name }) => name)).not.toContain("nodeQuarantined");
  });

  it("grants nothing before the loss is detected, because every batch contains the check", async () => {
    const { testNodes, locks } = await started();
    for (const node of testNodes.nodes) node.flush();
    // No process has detected the loss yet.
    const failure = await testNodes.run(
      locks.tryAcquire("a").catch((error: unknown) => error),
      5,
    );
    expect(String(failure)).toContain("it does not remember what it granted");
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "none", true, null])(
    "rejects quarantine: %s",
    (value) => {
      expect(() => new TestNodes().locks({ quarantine: value as never })).toThrow(/quarantine/);
    },
  );
});
