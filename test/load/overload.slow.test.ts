import { expect, it } from "vitest";
import type { Lease } from "../../src/index.js";
import { TestNodes } from "../manager/test-nodes.js";
import { CountedNode } from "./counted-node.js";
import { heapInUse } from "./heap.js";

const count = 100_000;
const resources = Array.from({ length: count }, (_, index) => `r${index}`);
const codeOf = (error: unknown) => (error as { code?: string }).code ?? String(error);

it("grants 100,000 locks that are requested in one tick, oldest first, with a bounded number in flight", async () => {
  const testNodes = new TestNodes(3);
  const nodes = testNodes.nodes.map((node) => new CountedNode(node));
  const locks = testNodes.locks({ nodes, ttl: 600_000 });
  const order: string[] = [];
  locks.on("acquired", ({ resources: [resource] }) => order.push(resource ?? ""));
  const asked = Promise.all(resources.map((resource) => locks.acquire(resource)));
  await expect(locks.acquire("one more")).rejects.toMatchObject({ code: "OVERLOADED", maxPending: count });
  const leases = await asked;
  expect(order).toEqual(resources);
  for (const node of nodes) expect(node.maxUnanswered).toBeLessThanOrEqual(5_000);
  for (const node of nodes) expect(node.look().commands).toBe(count);
  await Promise.all(leases.map((lease) => lease.release()));
  expect(await testNodes.holders("r0")).toEqual([false, false, false]);
  await locks.close();
}, 600_000);

it("keeps 100,000 waiters for one lock in little memory, serves the oldest first, and ends them without a flood", async () => {
  const testNodes = new TestNodes(3);
  const nodes = testNodes.nodes.map((node) => new CountedNode(node));
  const locks = testNodes.locks({ nodes, ttl: 600_000, wait: Number.POSITIVE_INFINITY, renew: false });
  let lease: Lease | null = await locks.acquire("a");
  const served: number[] = [];
  const failures = new Map<string, number>();
  const before = heapInUse();
  for (let index = 0; index < count; index++) {
    locks.acquire("a").then(
      (next) => {
        served.push(index);
        lease = next;
      },
      (error: unknown) => failures.set(codeOf(error), (failures.get(codeOf(error)) ?? 0) + 1),
    );
  }
  await testNodes.clock.advance(10);
  expect((heapInUse() - before) / count).toBeLessThan(4_000);
  for (let turn = 0; turn < 40; turn++) {
    const current: Lease | null = lease;
    lease = null;
    await current?.release();
    await testNodes.clock.advance(5);
  }
  expect(served).toEqual(Array.from({ length: 40 }, (_, index) => index));
  for (const node of nodes) node.look();
  await locks.close();
  expect([...failures]).toEqual([["MANAGER_CLOSED", count - 40]]);
  for (const node of nodes) expect(node.look().commands).toBeLessThan(100);
  expect(testNodes.clock.pending).toBe(0);
}, 600_000);

it.each(["crash", "hang"] as const)(
  "rejects 20,000 requests while all nodes %s, each with that reason",
  async (how) => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ wait: 5_000, retry: { count: 0 } });
    await locks.using("first", () => {});
    const outcomes = resources
      .slice(0, 20_000)
      .map((resource) => locks.acquire(resource).then(() => "granted", codeOf));
    for (const node of testNodes.nodes) node[how]();
    const codes = await testNodes.run(Promise.all(outcomes));
    expect(new Set(codes)).toEqual(new Set(["QUORUM_UNAVAILABLE"]));
  },
  600_000,
);

it("rejects 20,000 waiters for one lock when the nodes go down, each with that reason", async () => {
  const testNodes = new TestNodes(3);
  const locks = testNodes.locks({ retry: { count: 0 } });
  await locks.using("first", () => {});
  const outcomes = resources.slice(0, 20_000).map(() => locks.acquire("a").then(() => "granted", codeOf));
  for (const node of testNodes.nodes) node.crash();
  const codes = await testNodes.run(Promise.all(outcomes));
  expect(new Set(codes)).toEqual(new Set(["QUORUM_UNAVAILABLE"]));
}, 600_000);
