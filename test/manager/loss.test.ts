import { describe, expect, it, vi } from "vitest";
import type { Lease } from "../../src/api/types.js";
import { ask } from "../engine/batches.js";
import { listen, settle, TestNodes } from "./test-nodes.js";

const held = async (testNodes: TestNodes, options: object = {}, ground: object = {}) => {
  const locks = testNodes.locks({ ...ground, ttl: 1_000 });
  const events = listen(locks);
  const onLost = vi.fn();
  const lease = await locks.acquire("a", { onLost, ...options });
  return { locks, events, onLost, lease };
};

/** Replaces the key on these nodes by the key of another client. */
const steal = (testNodes: TestNodes, nodes: readonly number[], token = "foreign") =>
  Promise.all(
    nodes.map(async (index) => {
      const node = testNodes.node(index);
      node.restart();
      const command = { op: "acquire", keys: ["a"], token, ttl: 60_000 } as const;
      await ask(node, { command, wanted: () => true });
    }),
  );

describe("loss of a lease", () => {
  it("is found at the deadline, even if every node hangs", async () => {
    const testNodes = new TestNodes(5);
    const { lease, events, onLost } = await held(testNodes);
    const { validUntil, signal } = lease;
    for (const node of testNodes.nodes) node.hang();
    let aborted = 0;
    signal.addEventListener("abort", () => {
      aborted = testNodes.clock.wall();
    });
    await testNodes.clock.advance(5_000);
    expect(aborted).toBe(validUntil);
    expect(onLost).toHaveBeenCalledOnce();
    expect(events.find(({ name }) => name === "expired")).toMatchObject({
      event: { reason: "deadline", validUntil, overdue: 0 },
    });
    expect(events.some(({ name }) => name === "quorumLost")).toBe(true);
    // The nodes are probed until they answer.
    for (const node of testNodes.nodes) node.wake();
    await settle();
    expect(testNodes.clock.pending).toBe(0);
  });

  it("is announced by quorumLost, also if the lease has a shorter ttl than the manager's", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ nodeTimeout: undefined });
    const events = listen(locks);
    await locks.acquire("a", { ttl: 1_000 });
    for (const node of testNodes.nodes) node.hang();
    await testNodes.clock.advance(1_000);
    const remaining = events.flatMap(({ name, event }) =>
      name === "quorumLost" ? [(event as { remaining: number }).remaining] : [],
    );
    // A renewal begins when half of the validity is left, and its answers may take a quarter of the ttl.
    expect(remaining[0]).toBeGreaterThanOrEqual(200);
    expect(events.some(({ name }) => name === "expired")).toBe(true);
    for (const node of testNodes.nodes) node.wake();
    await settle();
  });

  it("resolves using() with the job's own value, after onLost and the signal", async () => {
    const testNodes = new TestNodes(3);
    const order: string[] = [];
    const job = (lease: Lease) =>
      new Promise<string>((resolve) => {
        lease.signal.addEventListener("abort", () => {
          order.push("signal");
          resolve("saved");
        });
      });
    const onLost = () => {
      order.push("onLost");
    };
    const result = testNodes.locks({ ttl: 1_000 }).using("a", { onLost }, job);
    await settle();
    for (const node of testNodes.nodes) node.hang();
    expect(await testNodes.run(result)).toBe("saved");
    expect(order).toEqual(["signal", "onLost"]);
  });

  it("is not caused by a temporary loss of quorum, and the remaining time is reported", async () => {
    const testNodes = new TestNodes(3);
    const { lease, events } = await held(testNodes);
    testNodes.node(0).crash();
    testNodes.node(1).crash();
    await testNodes.clock.advance(700);
    const lost = events.filter(({ name }) => name === "quorumLost");
    expect(lost.length).toBeGreaterThan(0);
    expect(lost[0]?.event.remaining).toBeGreaterThan(400);
    expect(lease.remaining()).toBeGreaterThan(0);
    testNodes.node(0).reconnect();
    await testNodes.clock.advance(200);
    expect(events.at(-1)?.name).toBe("renewed");
    expect(lease.remaining()).toBeGreaterThan(500);
  });

  it("is reported at once when another client holds a majority", async () => {
    const testNodes = new TestNodes(3);
    const { lease, events, onLost } = await held(testNodes, {}, { quarantine: false });
    await steal(testNodes, [0, 1]);
    await testNodes.clock.advance(500);
    expect(events.at(-1)).toMatchObject({ name: "expired", event: { reason: "taken" } });
    expect(onLost).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "taken" }));
    expect(lease.signal.aborted).toBe(true);
    // The remaining keys of the lost lease are deleted. The other client's keys stay.
    expect(await testNodes.holders("a")).toEqual([true, true, false]);
  });

  it("is reported when the keys vanished from a majority", async () => {
    const testNodes = new TestNodes(3);
    const { onLost } = await held(testNodes, {}, { quarantine: false });
    testNodes.node(0).restart();
    testNodes.node(1).restart();
    await testNodes.clock.advance(500);
    expect(onLost).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "missing" }));
  });

  it("is detected before any other work after a stall of the event loop", async () => {
    const testNodes = new TestNodes(3);
    const { lease, onLost } = await held(testNodes);
    testNodes.clock.stall(2_000);
    expect(lease.remaining()).toBe(0);
    expect(() => lease.assertHeld()).toThrow(/deadline|validity/);
    expect(onLost).toHaveBeenCalledOnce();
    await expect(lease.renew()).rejects.toMatchObject({ code: "LEASE_EXPIRED" });
    expect(await lease.release()).toBe("expired");
  });

  it("is not prevented by a renewal whose answer was read after the deadline", async () => {
    const testNodes = new TestNodes(3);
    const { lease, events } = await held(testNodes);
    for (const node of testNodes.nodes) node.hang();
    await testNodes.clock.advance(600);
    testNodes.clock.stall(500);
    for (const node of testNodes.nodes) node.wake();
    await settle();
    expect(lease.remaining()).toBe(0);
    expect(events.map(({ name }) => name)).not.toContain("renewed");
    expect(events.at(-1)?.name).toBe("expired");
  });

  it("is found within 250 ms of the end of a suspension, by the wall clock", async () => {
    const testNodes = new TestNodes(3);
    const { lease, onLost } = await held(testNodes, { ttl: 60_000 });
    await testNodes.clock.advance(1_000);
    testNodes.clock.stepWall(3_600_000);
    await testNodes.clock.advance(250);
    expect(onLost).toHaveBeenCalledOnce();
    // A lost lease stays lost when the clock is set back again.
    testNodes.clock.stepWall(-3_600_000);
    expect(lease.remaining()).toBe(0);
  });

  it("follows the monotonic clock when the wall clock is set back", async () => {
    const testNodes = new TestNodes(3);
    const { onLost } = await held(testNodes, { renew: false });
    testNodes.clock.stepWall(-10_000);
    await testNodes.clock.advance(988);
    expect(onLost).toHaveBeenCalledOnce();
  });

  it("leaves no renewal behind, nor do a release and a close", async () => {
    const testNodes = new TestNodes(3);
    const { lease, events } = await held(testNodes);
    await testNodes.clock.advance(600);
    await lease.release();
    // Timers are cancelled at the end of the tick.
    await settle();
    expect(testNodes.clock.pending).toBe(0);
    const after = events.length;
    await testNodes.clock.advance(10_000);
    expect(events.length).toBe(after);
    expect(testNodes.clock.pending).toBe(0);
  });

  it("does not follow a release during a renewal, and the renewal does not revive the lease", async () => {
    const testNodes = new TestNodes(3);
    const { lease, events } = await held(testNodes);
    for (const node of testNodes.nodes) node.hang();
    await testNodes.clock.advance(500);
    const released = lease.release();
    for (const node of testNodes.nodes) node.wake();
    expect(await testNodes.run(released)).toBe("released");
    await testNodes.clock.advance(100);
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
    expect(events.at(-1)?.name).toBe("released");
  });

  it("is reported as expired when the deadline comes during the release", async () => {
    const testNodes = new TestNodes(3);
    const { lease, events, onLost } = await held(testNodes, { ttl: 1_000, renew: false });
    await testNodes.clock.advance(900);
    for (const node of testNodes.nodes) node.hang();
    expect(await testNodes.run(lease.release())).toBe("expired");
    expect(events.at(-1)?.name).toBe("expired");
    expect(onLost).not.toHaveBeenCalled();
    for (const node of testNodes.nodes) node.wake();
    await settle();
    expect(testNodes.clock.pending).toBe(0);
  });

  it("is reported to all listeners, even when a listener or callback throws or rejects", async () => {
    const testNodes = new TestNodes(3);
    const reported: string[] = [];
    const locks = testNodes.locks({ ttl: 1_000, onListenerError: (_, event) => reported.push(event) });
    locks.on("acquired", () => {
      throw new Error("mine");
    });
    const second = vi.fn();
    locks.on("acquired", second);
    const onLost = () => Promise.reject(new Error("mine too"));
    const lease = await locks.acquire("a", { renew: false, onLost });
    expect(second).toHaveBeenCalledOnce();
    await testNodes.clock.advance(2_000);
    expect(lease.remaining()).toBe(0);
    expect(reported).toEqual(["acquired", "onLost"]);
  });
});
