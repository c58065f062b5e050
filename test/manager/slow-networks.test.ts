import { describe, expect, it } from "vitest";
import { granted } from "../engine/scripted-node.js";
import { answer, caught, scripted } from "../safety/scripted-locks.js";
import { far } from "../support/far-node.js";
import { settle, TestNodes } from "./test-nodes.js";

/** A process behind a network with a delay of `delay` ms each way. */
function distant(testNodes: TestNodes, delay: number) {
  return testNodes.locks({
    nodes: testNodes.nodes.map((node) => far(node, testNodes.clock, { delay: () => delay })),
  });
}

describe("a network with round trips of 600 ms", () => {
  it("reports a held lock as contended, not as a missing quorum, with the default options", async () => {
    const testNodes = new TestNodes();
    const held = await testNodes.run(testNodes.locks().acquire("a"));
    expect(await testNodes.run(distant(testNodes, 300).tryAcquire("a"))).toBeNull();
    expect(held.remaining()).toBeGreaterThan(0);
  });

  it("allows a lease to be held and renewed", async () => {
    const testNodes = new TestNodes();
    const locks = distant(testNodes, 300);
    const lease = await testNodes.run(locks.acquire("a"));
    await testNodes.clock.advance(60_000);
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(await testNodes.run(lease.release())).toBe("released");
  });
});

describe("a node that connects slowly", () => {
  it("delays the first acquisition for longer than the node timeout", async () => {
    const { locks, nodes, clock } = scripted(3, { nodeTimeout: 100, ttl: 10_000 });
    for (const node of nodes) node.change("connecting");
    const acquisition = locks.tryAcquire("a");
    await clock.advance(4_000);
    for (const node of nodes) node.change("ready");
    await answer(nodes, "acquire", [granted, granted, granted]);
    expect(await acquisition).not.toBeNull();
  });
});

describe("an inspection by an unconnected process", () => {
  it("waits for the connections and reports the answers of the nodes", async () => {
    const { locks, nodes, clock } = scripted(3, { nodeTimeout: 100, ttl: 10_000 });
    for (const node of nodes) node.change("connecting");
    const inspection = locks.inspect("a");
    await clock.advance(3_000);
    for (const node of nodes) node.change("ready");
    await settle();
    for (const node of nodes)
      for (const { answer: reply } of node.of("inspect"))
        reply({ kind: "report", keys: [{ key: "a", holder: null }] });
    expect((await inspection).nodes.map(({ state }) => state)).toEqual(["free", "free", "free"]);
  });

  it("names the nodes that did not connect within the connect timeout", async () => {
    const { locks, nodes, clock } = scripted(1, { nodeTimeout: 100, connectTimeout: 2_000, ttl: 10_000 });
    nodes[0]?.change("connecting");
    const inspection = locks.inspect("a");
    await clock.advance(2_200);
    const { nodes: reports } = await inspection;
    expect(reports[0]).toMatchObject({ state: "failed" });
    expect(reports[0]?.error).toContain("not connected");
  });

  it("asks a node that lost its memory at once, although the node does not vote", async () => {
    const testNodes = new TestNodes();
    for (const node of testNodes.nodes) node.flush();
    const { nodes } = await testNodes.run(testNodes.locks().inspect("a"), 100);
    expect(nodes.map(({ state }) => state)).toEqual(["free", "free", "free"]);
  });
});

describe("ready()", () => {
  it("resolves when all nodes are connected and identified, and not before", async () => {
    const testNodes = new TestNodes();
    testNodes.node(1).hang();
    const locks = testNodes.locks();
    let ready = false;
    const waited = locks.ready().then(() => {
      ready = true;
    });
    await testNodes.clock.advance(3_000);
    expect(ready).toBe(false);
    testNodes.node(1).wake();
    await settle();
    await waited;
  });

  it("retries unreachable nodes until its timeout, and reports the reason for each node", async () => {
    const testNodes = new TestNodes();
    testNodes.node(0).crash();
    const locks = testNodes.locks();
    const error = await testNodes.run(caught(locks.ready({ timeout: 700 })));
    expect(error).toMatchObject({ code: "NODES_NOT_READY", timeout: 700, nodes: 3 });
    expect(error).toMatchObject({ votes: [{ node: "node-0", kind: "failed", reason: "notReady" }] });
    expect(String(error)).toContain("1 of 3 nodes not ready within 700 ms (node-0: ");
    const later = locks.ready({ timeout: 10_000 });
    await testNodes.clock.advance(1_000);
    testNodes.node(0).restart({ keepMemory: true });
    await testNodes.run(later);
  });

  it("rejects impossible arguments, and ends when its manager is closed", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    for (const timeout of [-1, Number.NaN, Number.POSITIVE_INFINITY, "5"])
      await expect(locks.ready({ timeout } as never)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    testNodes.node(0).hang();
    const waiting = caught(locks.ready({ timeout: 100_000 }));
    await settle();
    await testNodes.run(locks.close());
    expect(await waiting).toMatchObject({ code: "MANAGER_CLOSED" });
    await expect(locks.ready()).rejects.toMatchObject({ code: "MANAGER_CLOSED" });
  });
});
