import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Lease, Locks } from "../../src/api/types.js";
import { memoryNode } from "../../src/clients/memory/memory-node.js";
import { listen, TestNodes } from "../manager/test-nodes.js";
import { settle } from "./scripted-locks.js";

const ttl = 1_000;
/** ms: the ttl, and what clocks may disagree by over it. */
const quarantine = ttl + 12;

/** What the process was warned of, by code. */
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

/** A minority has never events of the lease, and the node that makes the majority forgets it. */
async function forgotten(testNodes: TestNodes, locks: Locks, forget: () => void): Promise<Lease> {
  testNodes.node(2).crash();
  const lease = await testNodes.run(locks.acquire("a", { renew: false }));
  testNodes.node(2).reconnect();
  forget();
  await settle();
  return lease;
}

const healths = async (testNodes: TestNodes, locks: Locks) =>
  (await testNodes.run(locks.inspect("a"))).nodes.map(({ health }) => health);

describe("rule 9: a node that lost its memory does not vote", () => {
  describe.each([
    ["was flushed", (testNodes: TestNodes) => testNodes.node(0).flush()],
    ["restarted empty", (testNodes: TestNodes) => testNodes.node(0).restart()],
    [
      "restarted with a memory that may be an old one",
      (testNodes: TestNodes) => testNodes.node(0).restart({ keepMemory: true }),
    ],
  ])("and %s", (_, forget) => {
    it("until every lease that it may have granted has run out", async () => {
      const { testNodes, locks } = await started();
      const lease = await forgotten(testNodes, locks, () => forget(testNodes));
      const second = testNodes.locks({ ttl, nodeTimeout: 100, owner: "second" });
      const told = listen(second);
      const error = await testNodes.run(second.tryAcquire("a").catch((reason: unknown) => reason));
      expect(error).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
      expect(String(error)).toContain("node-0: it lost its memory; it votes again in");
      expect(lease.remaining()).toBeGreaterThan(0);
      expect(await healths(testNodes, second)).toEqual(["quarantined", "ready", "ready"]);
      await testNodes.clock.advance(quarantine + 10);
      expect(lease.remaining()).toBe(0);
      expect(await testNodes.run(second.tryAcquire("a"))).not.toBeNull();
      expect(await healths(testNodes, second)).toEqual(["ready", "ready", "ready"]);
      const health = told.filter(({ event }) => event.node === "node-0");
      expect(health.map(({ name }) => name)).toEqual(["nodeQuarantined", "nodeUp"]);
      expect(warned).toEqual([]);
    });
  });

  it("is told of, with the time at which it votes again", async () => {
    const { testNodes, locks, events } = await started();
    const time = testNodes.clock.wall();
    testNodes.node(0).flush();
    await testNodes.run(locks.acquire("a"));
    await settle();
    expect(events.find(({ name }) => name === "nodeQuarantined")?.event).toEqual({
      node: "node-0",
      time,
      until: time + quarantine,
      cause: "it lost its memory",
    });
  });

  it("abstains for the longest ttl that anybody ever asked the others for", async () => {
    const { testNodes, locks } = await started();
    await (await testNodes.run(locks.acquire("long", { ttl: 5_000 }))).release();
    testNodes.node(0).flush();
    await testNodes.run(locks.acquire("a"));
    await testNodes.clock.advance(quarantine + 10);
    expect((await healths(testNodes, locks))[0]).toBe("quarantined");
    await testNodes.clock.advance(5_052 - quarantine);
    expect((await healths(testNodes, locks))[0]).toBe("ready");
  });

  it("ends its quarantine for all processes, also for those that came later", async () => {
    const { testNodes, locks } = await started();
    testNodes.node(0).flush();
    await testNodes.run(locks.acquire("a"));
    await locks.close();
    await testNodes.clock.advance(ttl / 2);
    const late = testNodes.locks({ ttl, nodeTimeout: 100 });
    expect(await testNodes.run(late.tryAcquire("b"))).not.toBeNull();
    expect((await healths(testNodes, late))[0]).toBe("quarantined");
    await testNodes.clock.advance(ttl / 2 + 20);
    expect((await healths(testNodes, late))[0]).toBe("ready");
  });

  it("does not know how long while too few of the others can be asked, and says whom it waits for", async () => {
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
    expect((await healths(testNodes, locks))[0]).toBe("ready");
  });

  it("takes no cold start for one where a minority forgot what it granted with nodes that say nothing now", async () => {
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

  it("leaves no timer behind where it is closed while a node is asked", async () => {
    const { testNodes, locks } = await started();
    testNodes.node(0).flush();
    await testNodes.run(locks.acquire("a").then((lease) => lease.release()));
    testNodes.node(1).hang();
    await testNodes.clock.advance(quarantine - 5);
    await testNodes.clock.advance(20);
    await locks.close();
    expect(testNodes.clock.pending).toBe(0);
  });

  it("still takes releases, and can still be asked who holds what", async () => {
    const { testNodes, locks } = await started();
    const lease = await testNodes.run(locks.acquire("a", { renew: false }));
    testNodes.node(0).restart({ keepMemory: true });
    await testNodes.run(locks.tryAcquire("b"));
    expect((await healths(testNodes, locks))[0]).toBe("quarantined");
    expect(await testNodes.holders("a")).toEqual([true, true, true]);
    await testNodes.run(lease.release());
    await settle();
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
  });

  it("takes over the fences of a majority before it accepts one", async () => {
    const { testNodes, locks } = await started();
    let last = 0;
    for (let round = 0; round < 4; round++) {
      // Only the node that is about to forget, and one more, have seen it.
      testNodes.node(2).crash();
      const lease = await testNodes.run(locks.acquire("a", { fence: true }));
      expect(lease.fence).toBeGreaterThan(last);
      last = lease.fence;
      await testNodes.run(lease.release());
      testNodes.node(2).reconnect();
      testNodes.node(0).flush();
      await testNodes.run(locks.tryAcquire("b").catch(() => null));
      await testNodes.clock.advance(quarantine + 10);
      // Now the two that have not.
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
    "holds up nobody where a whole set of %i is new; says so where it is several",
    async (size) => {
      const testNodes = new TestNodes(size);
      for (const node of testNodes.nodes) node.flush();
      const [one, two] = [testNodes.locks({ ttl }), testNodes.locks({ ttl, owner: "two" })];
      const [first, second] = await testNodes.run(Promise.all([one.acquire("a"), two.acquire("b")]), 300);
      expect([first.remaining() > 0, second.remaining() > 0]).toEqual([true, true]);
      expect(new Set(warned)).toEqual(new Set(size === 1 ? [] : ["COLD_START"]));
    },
  );

  it("takes no set for new while a node that may remember says nothing", async () => {
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

  it("says from the first attempt on why a new set grants nothing with a node that hangs", async () => {
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

  it("asks again now and then, no more, as long as a node says nothing", async () => {
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

  it("is not changed by whoever only looks", async () => {
    const testNodes = new TestNodes();
    for (const node of testNodes.nodes) node.flush();
    const locks = testNodes.locks();
    await testNodes.run(locks.inspect("a"));
    await testNodes.clock.advance(5_000);
    for (const node of testNodes.nodes) expect((await node.identify("", null)).memory?.marker).toBe("");
    expect(warned).toEqual([]);
    expect((await testNodes.run(locks.acquire("a"))).remaining()).toBeGreaterThan(0);
  });

  it("tells who holds what, also to whoever asks it for the first time", async () => {
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

  it("shows who abstains also to whoever only looks", async () => {
    const { testNodes, locks } = await started();
    testNodes.node(0).flush();
    await testNodes.run(locks.tryAcquire("a"));
    expect(await healths(testNodes, testNodes.locks())).toEqual(["quarantined", "ready", "ready"]);
  });

  it("says so where a single node lost its memory, and votes at once", async () => {
    const { testNodes, locks } = await started(1);
    testNodes.node(0).restart();
    await testNodes.run(locks.tryAcquire("a"));
    expect(warned).toEqual(["COLD_START"]);
  });

  it("waits as long as it is told to: also alone, and where all have lost their memory", async () => {
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

  it("votes at once where every write is on disk before the reply, and it is told so", async () => {
    const { testNodes, locks, events } = await started(3, { quarantine: false });
    for (const node of testNodes.nodes) node.flush();
    expect(await testNodes.run(locks.tryAcquire("a"), 5)).not.toBeNull();
    expect(events.map(({ name }) => name)).not.toContain("nodeQuarantined");
  });

  it("grants nothing that was sent before it was known: the check travels with every batch", async () => {
    const { testNodes, locks } = await started();
    for (const node of testNodes.nodes) node.flush();
    // Nobody has noticed yet.
    const failure = await testNodes.run(
      locks.tryAcquire("a").catch((error: unknown) => error),
      5,
    );
    expect(String(failure)).toContain("it does not remember what it granted");
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "none", true, null])(
    "refuses quarantine: %s",
    (value) => {
      expect(() => new TestNodes().locks({ quarantine: value as never })).toThrow(/quarantine/);
    },
  );
});
