import { describe, expect, it, vi } from "vitest";
import type { Lease } from "../../src/api/types.js";
import { ask } from "../engine/batches.js";
import { listen, settle, TestNodes } from "./test-nodes.js";

const held = async (testNodes: TestNodes, options: object = {}, ground: object = {}) => {
  const locks = testNodes.locks({ ...ground, ttl: 1_000 });
  const heard = listen(locks);
  const onLost = vi.fn();
  const lease = await locks.acquire("a", { onLost, ...options });
  return { locks, heard, onLost, lease };
};

/** Another client's own key on these nodes, as if ours had never been there. */
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
    const { lease, heard, onLost } = await held(testNodes);
    const { validUntil, signal } = lease;
    for (const node of testNodes.nodes) node.hang();
    let aborted = 0;
    signal.addEventListener("abort", () => {
      aborted = testNodes.clock.wall();
    });
    await testNodes.clock.advance(5_000);
    expect(aborted).toBe(validUntil);
    expect(onLost).toHaveBeenCalledOnce();
    expect(heard.find(({ name }) => name === "expired")).toMatchObject({
      event: { reason: "deadline", validUntil, overdue: 0 },
    });
    expect(heard.some(({ name }) => name === "quorumLost")).toBe(true);
    // Until they answer, the nodes are probed.
    for (const node of testNodes.nodes) node.wake();
    await settle();
    expect(testNodes.clock.pending).toBe(0);
  });

  it("settles using with the job's own value, after onLost and the signal", async () => {
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

  it("keeps the lease while quorum is lost for a while, and says how much is left", async () => {
    const testNodes = new TestNodes(3);
    const { lease, heard } = await held(testNodes);
    testNodes.node(0).crash();
    testNodes.node(1).crash();
    await testNodes.clock.advance(700);
    const lost = heard.filter(({ name }) => name === "quorumLost");
    expect(lost.length).toBeGreaterThan(0);
    expect(lost[0]?.event.remaining).toBeGreaterThan(400);
    expect(lease.remaining()).toBeGreaterThan(0);
    testNodes.node(0).reconnect();
    await testNodes.clock.advance(200);
    expect(heard.at(-1)?.name).toBe("renewed");
    expect(lease.remaining()).toBeGreaterThan(500);
  });

  it("is told at once when somebody else holds a majority", async () => {
    const testNodes = new TestNodes(3);
    const { lease, heard, onLost } = await held(testNodes, {}, { quarantine: false });
    await steal(testNodes, [0, 1]);
    await testNodes.clock.advance(500);
    expect(heard.at(-1)).toMatchObject({ name: "expired", event: { reason: "taken" } });
    expect(onLost).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "taken" }));
    expect(lease.signal.aborted).toBe(true);
    // What is left of ours goes; what is theirs stays.
    expect(await testNodes.holders("a")).toEqual([true, true, false]);
  });

  it("is told when the keys vanished from a majority", async () => {
    const testNodes = new TestNodes(3);
    const { onLost } = await held(testNodes, {}, { quarantine: false });
    testNodes.node(0).restart();
    testNodes.node(1).restart();
    await testNodes.clock.advance(500);
    expect(onLost).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "missing" }));
  });

  it("looks at the clock before anything else after a stall of the event loop", async () => {
    const testNodes = new TestNodes(3);
    const { lease, onLost } = await held(testNodes);
    testNodes.clock.stall(2_000);
    expect(lease.remaining()).toBe(0);
    expect(() => lease.assertHeld()).toThrow(/deadline|validity/);
    expect(onLost).toHaveBeenCalledOnce();
    await expect(lease.renew()).rejects.toMatchObject({ code: "LEASE_EXPIRED" });
    expect(await lease.release()).toBe("expired");
  });

  it("does not believe a renewal whose answer was read after the deadline", async () => {
    const testNodes = new TestNodes(3);
    const { lease, heard } = await held(testNodes);
    for (const node of testNodes.nodes) node.hang();
    await testNodes.clock.advance(600);
    testNodes.clock.stall(500);
    for (const node of testNodes.nodes) node.wake();
    await settle();
    expect(lease.remaining()).toBe(0);
    expect(heard.map(({ name }) => name)).not.toContain("renewed");
    expect(heard.at(-1)?.name).toBe("expired");
  });

  it("is found within 250 ms of the end of a suspension, by the wall clock", async () => {
    const testNodes = new TestNodes(3);
    const { lease, onLost } = await held(testNodes, { ttl: 60_000 });
    await testNodes.clock.advance(1_000);
    testNodes.clock.stepWall(3_600_000);
    await testNodes.clock.advance(250);
    expect(onLost).toHaveBeenCalledOnce();
    // Over is over: a clock that is set back again revives nothing.
    testNodes.clock.stepWall(-3_600_000);
    expect(lease.remaining()).toBe(0);
  });

  it("goes by the monotonic clock when the wall clock is set back", async () => {
    const testNodes = new TestNodes(3);
    const { onLost } = await held(testNodes, { renew: false });
    testNodes.clock.stepWall(-10_000);
    await testNodes.clock.advance(988);
    expect(onLost).toHaveBeenCalledOnce();
  });

  it("leaves no renewal behind: not after a release, a loss or a close", async () => {
    const testNodes = new TestNodes(3);
    const { lease, heard } = await held(testNodes);
    await testNodes.clock.advance(600);
    await lease.release();
    // Timers go at the end of the turn.
    await settle();
    expect(testNodes.clock.pending).toBe(0);
    const after = heard.length;
    await testNodes.clock.advance(10_000);
    expect(heard.length).toBe(after);
    expect(testNodes.clock.pending).toBe(0);
  });

  it("ends by release while a renewal is on its way, and the renewal revives nothing", async () => {
    const testNodes = new TestNodes(3);
    const { lease, heard } = await held(testNodes);
    for (const node of testNodes.nodes) node.hang();
    await testNodes.clock.advance(500);
    const released = lease.release();
    for (const node of testNodes.nodes) node.wake();
    expect(await testNodes.run(released)).toBe("released");
    await testNodes.clock.advance(100);
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
    expect(heard.at(-1)?.name).toBe("released");
  });

  it("ends as expired when the deadline comes while it is being released", async () => {
    const testNodes = new TestNodes(3);
    const { lease, heard, onLost } = await held(testNodes, { ttl: 1_000, renew: false });
    await testNodes.clock.advance(900);
    for (const node of testNodes.nodes) node.hang();
    expect(await testNodes.run(lease.release())).toBe("expired");
    expect(heard.at(-1)?.name).toBe("expired");
    expect(onLost).not.toHaveBeenCalled();
    for (const node of testNodes.nodes) node.wake();
    await settle();
    expect(testNodes.clock.pending).toBe(0);
  });

  it("isolates listeners and callbacks that throw or reject, and reports them", async () => {
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
