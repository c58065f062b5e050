import { describe, expect, it } from "vitest";
import { type MemoryNode, memoryNode } from "../../src/clients/memory/memory-node.js";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { TestNodes } from "../manager/test-nodes.js";
import { wayTo } from "../support/way-to.js";
import { caught } from "./scripted-locks.js";

const ttl = 1_000;
const options = { ttl, nodeTimeout: 100 } as const;

/** A node that was used alone, and another one without a memory; and locks over given ones of them. */
async function aloneAndNew(size = 2) {
  const testNodes = new TestNodes(size, "pair");
  const [first] = testNodes.nodes as [MemoryNode];
  for (const node of testNodes.nodes) node.flush();
  const alone = testNodes.locks({ ...options, nodes: [first], owner: "alone" });
  await testNodes.run(alone.using("warm", () => {}));
  const together = (owner = "together") => testNodes.locks({ ...options, owner });
  return { testNodes, alone, together };
}

/** Acquires without a retry. */
const attempt = { wait: 0, renew: false } as const;

describe("rule 9: a node without a memory beside one that was used alone", () => {
  it("votes at once, as the two have granted nothing together", async () => {
    const { testNodes, together } = await aloneAndNew();
    const lease = await testNodes.run(together().acquire("a", attempt), 300);
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(await testNodes.run(together("other").tryAcquire("a"), 300)).toBeNull();
  });

  it("votes at once for several processes that start together", async () => {
    const { testNodes, together } = await aloneAndNew();
    const all = ["x", "y", "z"].map((owner) => together(owner).acquire(owner, attempt));
    for (const lease of await testNodes.run(Promise.all(all), 300))
      expect(lease.remaining()).toBeGreaterThan(0);
  });

  it("grants nothing that the other one has granted alone", async () => {
    const { testNodes, alone, together } = await aloneAndNew();
    const lease = await testNodes.run(alone.acquire("a", { renew: false }));
    expect(await testNodes.run(together().tryAcquire("a"), 300)).toBeNull();
    expect(lease.remaining()).toBeGreaterThan(0);
  });

  it("leaves the other one usable alone", async () => {
    const { testNodes, alone, together } = await aloneAndNew();
    const held = await testNodes.run(alone.acquire("held"));
    await testNodes.run(together().acquire("a", attempt), 300);
    await testNodes.clock.advance(20_000);
    expect(held.remaining()).toBeGreaterThan(0);
    const used = alone.using("b", () => "used");
    expect(await testNodes.run(used, 1_000)).toBe("used");
    expect(await testNodes.run(together("other").tryAcquire("held"), 300)).toBeNull();
  });

  it.each([0, 1])("abstains once the two were used together, if node %i loses its memory", async (lost) => {
    const { testNodes, together } = await aloneAndNew();
    const lease = await testNodes.run(together().acquire("a", attempt), 300);
    testNodes.node(lost).flush();
    const error = await testNodes.run(caught(together("other").acquire("b", attempt)), 300);
    expect(String(error)).toMatch(/it is new, or lost its memory; it votes again in/);
    expect(lease.remaining()).toBeGreaterThan(0);
  });

  it("abstains once the two were used together, if both had been used alone before", async () => {
    const testNodes = new TestNodes(2, "alone");
    for (const node of testNodes.nodes) {
      node.flush();
      await testNodes.run(testNodes.locks({ ...options, nodes: [node] }).using("warm", () => {}));
    }
    await testNodes.run(testNodes.locks(options).acquire("a", attempt), 300);
    testNodes.node(1).flush();
    const error = await testNodes.run(caught(testNodes.locks(options).acquire("b", attempt)), 300);
    expect(String(error)).toMatch(/it is new, or lost its memory; it votes again in/);
  });

  it("abstains if the other one was used alone only before it was used with others", async () => {
    const { testNodes, alone, together } = await aloneAndNew();
    await testNodes.run(
      together().using("a", () => {}),
      300,
    );
    await testNodes.run(
      alone.using("b", () => {}),
      1_000,
    );
    testNodes.node(1).flush();
    const error = await testNodes.run(caught(together("other").acquire("b", attempt)), 300);
    expect(String(error)).toMatch(/it is new, or lost its memory; it votes again in/);
  });

  it("abstains in a set of three, where a quorum need not include the one that was used alone", async () => {
    const { testNodes, alone, together } = await aloneAndNew(3);
    const lease = await testNodes.run(alone.acquire("a", { renew: false }));
    expect(
      await testNodes.run(
        together()
          .tryAcquire("a")
          .catch(() => null),
        300,
      ),
    ).toBeNull();
    expect(lease.remaining()).toBeGreaterThan(0);
  });

  it("votes at once although the node that was used alone is not of the same kind", async () => {
    const testNodes = new TestNodes(1, "own");
    const [own] = testNodes.nodes as [MemoryNode];
    own.flush();
    const fresh = memoryNode("fresh", { clock: testNodes.clock });
    fresh.flush();
    await testNodes.run(testNodes.locks(options).using("warm", () => {}));
    const both = testNodes.locks({ ...options, nodes: [fresh, own] });
    const lease = await testNodes.run(both.acquire("a", attempt), 300);
    expect(lease.remaining()).toBeGreaterThan(0);
  });

  it("votes soon if its memory changed just before the set recorded that it uses the node", async () => {
    const { testNodes, alone, together } = await aloneAndNew();
    const [first, second] = testNodes.nodes as [MemoryNode, MemoryNode];
    let raced = false;
    const overtaken = wayTo(first, {
      identify: async (id, change, age) => {
        if (change !== null && !raced) {
          raced = true;
          // The longer TTL changes the marker, so the change of the set no longer applies.
          await alone.using("longer", { ttl: 20_000 }, () => {});
        }
        return first.identify(id, change, age);
      },
    });
    const locks = testNodes.locks({ ...options, nodes: [overtaken, second], owner: "raced" });
    const lease = await testNodes.run(locks.acquire("a", { wait: 5_000, renew: false }), 1_000);
    expect(raced).toBe(true);
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(await testNodes.run(together("other").tryAcquire("a"), 300)).toBeNull();
  });

  it.each<[string, Partial<LockNode>, RegExp]>([
    [
      "refuses to record it",
      { identify: () => Promise.reject(new Error("OOM")) },
      /it was used alone so far, and does not record yet that .*: OOM/,
    ],
    [
      "does not answer the request to record it",
      { identify: () => new Promise(() => {}) },
      /it was used alone so far, and does not record yet/,
    ],
  ])("is named, with the cause, if it %s", async (_, failing, message) => {
    const { testNodes } = await aloneAndNew();
    const [first, second] = testNodes.nodes as [MemoryNode, MemoryNode];
    const node = wayTo(first, {
      identify: (id, change, age) =>
        (change === null ? first.identify : (failing.identify ?? first.identify)).call(
          first,
          id,
          change,
          age,
        ),
    });
    const locks = testNodes.locks({ ...options, nodes: [node, second], owner: "refused" });
    const error = await testNodes.run(caught(locks.acquire("a", attempt)), 1_000);
    expect(String(error)).toMatch(message);
  });

  it("is named by ready() with its cause while it does not answer the request to record it", async () => {
    const { testNodes } = await aloneAndNew();
    const [first, second] = testNodes.nodes as [MemoryNode, MemoryNode];
    const node = wayTo(first, {
      identify: (id, change, age) =>
        change === null ? first.identify(id, change, age) : new Promise(() => {}),
    });
    const locks = testNodes.locks({ ...options, nodes: [node, second], owner: "silent" });
    const error = await testNodes.run(caught(locks.ready({ timeout: 60 })), 1_000);
    expect(String(error)).toMatch(/pair-0: it was used alone so far, and does not record yet that[^:]*$/);
  });

  it("abstains if this process saw it with a memory, and the other one was emptied and used alone since", async () => {
    const { testNodes, alone, together } = await aloneAndNew();
    const other = together("other");
    await testNodes.run(
      other.using("warm", () => {}),
      300,
    );
    const lease = await testNodes.run(together().acquire("a", attempt), 300);
    testNodes.node(0).flush();
    await testNodes.run(
      alone.using("b", () => {}),
      300,
    );
    testNodes.node(1).flush();
    const error = await testNodes.run(caught(other.acquire("a", { wait: 200, renew: false })), 300);
    expect(String(error)).toMatch(/it is new, or lost its memory; it votes again in/);
    expect(lease.remaining()).toBeGreaterThan(0);
  });

  it("abstains if this process saw that it was used alone, too", async () => {
    const { testNodes, together } = await aloneAndNew();
    const own = testNodes.locks({ ...options, nodes: [testNodes.node(1)], owner: "own" });
    const lease = await testNodes.run(own.acquire("a", { renew: false }));
    const both = together();
    await testNodes.run(both.inspect("a"));
    testNodes.node(1).flush();
    const error = await testNodes.run(caught(both.acquire("a", attempt)), 300);
    expect(String(error)).toMatch(/it is new, or lost its memory; it votes again in/);
    expect(lease.remaining()).toBeGreaterThan(0);
  });
});
