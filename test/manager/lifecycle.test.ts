import { describe, expect, it, vi } from "vitest";
import { HandleBusyError, LeaseExpiredError, LockContendedError } from "../../src/errors.js";
import { listen, settle, TestNodes } from "./test-nodes.js";

describe("the lifecycle of a lock", () => {
  it("is acquired, renewed and released", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ ttl: 1_000 });
    const events = listen(locks);
    const lease = await locks.acquire("a");
    expect(lease.resources).toEqual(["a"]);
    expect(lease.remaining()).toBeLessThanOrEqual(1_000 - 12);
    expect(await testNodes.holders("a")).toEqual([true, true, true]);
    await testNodes.clock.advance(5_000);
    expect(lease.remaining()).toBeGreaterThan(400);
    expect(await testNodes.run(lease.release())).toBe("released");
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
    const said = events.map(({ name }) => name);
    expect(said.slice(0, 2)).toEqual(["acquiring", "acquired"]);
    expect(said.filter((name) => name === "renewed").length).toBeGreaterThanOrEqual(9);
    expect(said.at(-1)).toBe("released");
    expect(lease.signal.aborted).toBe(false);
    expect(lease.remaining()).toBe(0);
    expect(() => lease.assertHeld()).toThrow(LeaseExpiredError);
    expect(testNodes.clock.pending).toBe(0);
  });

  it("denies a second caller until the release, then grants the lock", async () => {
    const testNodes = new TestNodes();
    const [ours, theirs] = [testNodes.locks(), testNodes.locks({ owner: "other" })];
    const events = listen(theirs);
    const lease = await ours.acquire("a");
    const waiting = theirs.acquire("a");
    await testNodes.clock.advance(1_000);
    await lease.release();
    const second = await testNodes.run(waiting);
    expect(second.remaining()).toBeGreaterThan(0);
    expect(events.filter(({ name }) => name === "retrying")[0]?.event).toMatchObject({
      attempt: 1,
      reason: "contended",
    });
  });

  it("names the holder when the acquisition gives up", async () => {
    const testNodes = new TestNodes();
    await testNodes.locks({ owner: "alice" }).acquire("a");
    const attempt = testNodes.locks().acquire("a", { retry: { count: 2, jitter: 0 } });
    const error = await testNodes.run(attempt.catch((reason: unknown) => reason));
    expect(error).toBeInstanceOf(LockContendedError);
    expect(error).toMatchObject({ attempts: 3, holder: { owner: "alice" } });
    expect((error as Error).message).toMatch(/"a" is held by alice for up to [\d.]+ m?s;/);
  });

  it("limits the whole acquisition by wait, and names the last reason", async () => {
    const testNodes = new TestNodes();
    await testNodes.locks({ owner: "alice" }).acquire("a");
    const since = testNodes.clock.monotonic();
    const error = await testNodes.run(
      testNodes
        .locks()
        .acquire("a", { wait: 300 })
        .catch((reason: unknown) => reason),
    );
    expect(error).toMatchObject({ code: "ACQUIRE_TIMEOUT", wait: 300, cause: { code: "LOCK_CONTENDED" } });
    expect(testNodes.clock.monotonic() - since).toBeLessThanOrEqual(310);
  });

  it("makes one attempt in tryAcquire: null when held, an error without a quorum", async () => {
    const testNodes = new TestNodes();
    const lease = await testNodes.locks().acquire("a");
    const other = testNodes.locks();
    expect(await other.tryAcquire("a")).toBeNull();
    await lease.release();
    const won = await other.tryAcquire("a");
    expect(won).not.toBeNull();
    await won?.release();
    testNodes.node(0).crash();
    testNodes.node(1).crash();
    await expect(other.tryAcquire("a")).rejects.toMatchObject({ code: "QUORUM_UNAVAILABLE" });
  });

  it("returns null, not an error, when the lock is held and a minority of the nodes is down", async () => {
    const testNodes = new TestNodes();
    await testNodes.locks().acquire("a");
    testNodes.node(0).crash();
    expect(await testNodes.locks().tryAcquire("a")).toBeNull();
  });

  it("returns the value of a job, and releases the lock after it", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    expect(await locks.using("a", async (lease) => lease.resources.length + 41)).toBe(42);
    await settle();
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
    await expect(
      locks.using("a", { ttl: 500 }, () => {
        throw new Error("the job's own");
      }),
    ).rejects.toThrow("the job's own");
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
  });

  it("releases at the end of an await using block", async () => {
    const testNodes = new TestNodes();
    {
      await using lease = await testNodes.locks().acquire("a");
      expect(lease.remaining()).toBeGreaterThan(0);
    }
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
  });

  it("serves one lease at a time per handle, again and again", async () => {
    const testNodes = new TestNodes();
    const handle = testNodes.locks().handle("a");
    expect(handle.state).toBe("idle");
    for (let round = 0; round < 3; round++) {
      const lease = await handle.acquire();
      expect(handle.state).toBe("held");
      expect(handle.lease).toBe(lease);
      await expect(handle.acquire()).rejects.toThrow(HandleBusyError);
      await handle.release();
      expect(handle.state).toBe("idle");
      expect(handle.lease).toBeNull();
    }
  });

  it("stops renewing at maxHold, and calls onLost", async () => {
    const testNodes = new TestNodes();
    const onLost = vi.fn();
    const lease = await testNodes.locks().acquire("a", { ttl: 1_000, maxHold: 3_500, onLost });
    await testNodes.clock.advance(3_400);
    expect(lease.remaining()).toBeGreaterThan(0);
    await testNodes.clock.advance(101);
    expect(onLost).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "maxHold" }));
    expect(lease.signal.aborted).toBe(true);
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
  });

  it("lets a lease of fixed length run out", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    const events = listen(locks);
    const lease = await locks.acquire("a", { ttl: 1_000, renew: false });
    await testNodes.clock.advance(988);
    expect(lease.signal.reason).toMatchObject({ code: "LEASE_EXPIRED", reason: "deadline" });
    expect(events.map(({ name }) => name)).toEqual(["acquiring", "acquired", "expired"]);
  });

  it("reports the holder of a resource per node, even before this manager has acquired a lock", async () => {
    const testNodes = new TestNodes(3);
    await testNodes.locks({ owner: "alice", ttl: 5_000 }).acquire("a");
    testNodes.node(2).crash();
    const locks = testNodes.locks();
    const found = await locks.inspect("a");
    expect(found).toMatchObject({ resource: "a", held: true, holder: { owner: "alice" } });
    expect(found.nodes.map(({ state }) => state)).toEqual(["held", "held", "failed"]);
    expect(found.nodes[2]?.error).toBe("node-2 crashed");
    expect(await locks.inspect("b")).toMatchObject({ held: false, holder: null });
    // The nodes are identified, so the acquisition waits for none of them.
    expect(await locks.tryAcquire("a")).toBeNull();
  });

  it("moves a lease to another process by a handover", async () => {
    const testNodes = new TestNodes();
    const lease = await testNodes.locks().acquire("a", { ttl: 2_000 });
    const note = lease.handover();
    expect(lease.remaining()).toBe(0);
    expect(lease.signal.aborted).toBe(false);
    expect(await lease.release()).toBe("handedOver");
    expect(await testNodes.holders("a")).toEqual([true, true, true]);
    const other = testNodes.locks({ owner: "heir" });
    const adopted = await other.adopt(note);
    expect(adopted.ttl).toBe(2_000);
    expect((await other.inspect("a")).holder?.owner).toBe("heir");
    await expect(other.adopt(note)).rejects.toMatchObject({ code: "LEASE_EXPIRED", reason: "stale" });
    await testNodes.clock.advance(10_000);
    expect(adopted.remaining()).toBeGreaterThan(0);
    await adopted.release();
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
  });

  it("releases held locks and rejects waiting callers when the manager is closed", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    const lease = await locks.acquire("a");
    const waiting = locks.acquire("a").catch((error: unknown) => error);
    await settle();
    await locks.close();
    expect(await waiting).toMatchObject({ code: "MANAGER_CLOSED" });
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
    expect(await lease.release()).toBe("released");
    await expect(locks.acquire("b")).rejects.toMatchObject({ code: "MANAGER_CLOSED" });
    expect(testNodes.clock.pending).toBe(0);
  });
});

describe("an inspection of nodes that do not identify themselves", () => {
  it("ends when the manager is closed, and leaves no timer", async () => {
    const testNodes = new TestNodes(3);
    for (const node of testNodes.nodes) node.hang();
    const locks = testNodes.locks();
    const inspection = locks.inspect("a");
    await settle();
    await locks.close();
    const { nodes } = await inspection;
    expect(nodes.map(({ error }) => error)).toEqual(["closed", "closed", "closed"]);
    expect(testNodes.clock.pending).toBe(0);
  });
});

describe("a wait that ends before the first attempt is decided", () => {
  it("reports the result of each node, including unresponsive nodes", async () => {
    const testNodes = new TestNodes(3);
    testNodes.node(0).hang();
    testNodes.node(1).hang();
    testNodes.node(2).crash();
    const error = await testNodes.run(
      testNodes
        .locks()
        .acquire("a", { wait: 100 })
        .catch((reason: unknown) => reason),
    );
    expect(error).toMatchObject({ code: "ACQUIRE_TIMEOUT", cause: { code: "QUORUM_UNAVAILABLE" } });
    expect(String(error)).toContain("node-0: no answer within 100 ms");
    expect(String(error)).toContain("node-2: not connected within 100 ms: node-2 crashed");
  });
});

describe("an inspection", () => {
  it("does not report a resource as free when the failed nodes may hold it", async () => {
    const testNodes = new TestNodes(3);
    testNodes.node(2).crash();
    const lease = await testNodes.locks({ owner: "alice" }).acquire("a", { renew: false });
    testNodes.node(2).restart();
    testNodes.node(1).hang();
    const locks = testNodes.locks({ nodeTimeout: 100 });
    expect(await testNodes.run(locks.inspect("a"))).toMatchObject({ held: null, holder: null });
    expect(await testNodes.run(locks.inspect("b"))).toMatchObject({ held: false });
    testNodes.node(1).wake();
    expect(await testNodes.run(locks.inspect("a"))).toMatchObject({ held: true, holder: { owner: "alice" } });
    await lease.release();
    for (const node of testNodes.nodes) node.hang();
    expect(await testNodes.run(locks.inspect("a"))).toMatchObject({ held: null });
  });
});

describe("an unknown option", () => {
  it("is rejected by name, as is an option in the wrong place", async () => {
    const testNodes = new TestNodes(1);
    const wrong: object[] = [{ tll: 5 }, { signal: new AbortController().signal }, { retry: { jitterr: 1 } }];
    for (const options of wrong) {
      expect(() => testNodes.locks(options), Object.keys(options)[0]).toThrow(/must be left out: \w+ knows/);
    }
    const locks = testNodes.locks();
    for (const options of [{ prefix: "p" }, { owner: "me" }, { nodes: [] }]) {
      await expect(locks.acquire("a", options as object)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    }
    for (const options of [5, "ttl", null, []]) {
      await expect(locks.acquire("a", options as unknown as object)).rejects.toMatchObject({
        option: "options",
      });
    }
  });
});
