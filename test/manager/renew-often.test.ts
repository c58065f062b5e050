import { expect, it } from "vitest";
import { ask } from "../engine/batches.js";
import { TestNodes } from "./test-nodes.js";

const ttl = 2_000;

/** The longest that any node keeps the key, ms. */
async function longestKept(testNodes: TestNodes): Promise<number> {
  const command = { op: "inspect", keys: ["a"] } as const;
  const replies = await Promise.all(
    testNodes.nodes.map((node) => ask(node, { command, wanted: () => true })),
  );
  const lefts = replies.map((reply) => (reply.kind === "report" ? (reply.keys[0]?.holder?.ttlLeft ?? 0) : 0));
  return Math.max(...lefts);
}

it("a lease that is renewed thousands of times keeps the ttl that was asked for, on the nodes too", async () => {
  const testNodes = new TestNodes();
  const lease = await testNodes.run(testNodes.locks().acquire("a", { ttl }));
  for (let times = 0; times < 5_000; times++) {
    await lease.renew();
    if (times % 7 === 0) await testNodes.clock.advance(1);
    const before = lease.remaining();
    expect(before).toBeLessThanOrEqual(ttl);
  }
  expect(lease.ttl).toBe(ttl);
  expect(await longestKept(testNodes)).toBeLessThanOrEqual(ttl);
});

it("a longer ttl that was asked for once is kept while it lasts, and never more than that", async () => {
  const testNodes = new TestNodes();
  const lease = await testNodes.run(testNodes.locks().acquire("a", { ttl, renew: false }));
  await lease.renew(60_000);
  for (let times = 0; times < 1_000; times++) {
    const before = lease.remaining();
    await lease.renew(ttl);
    expect(lease.remaining()).toBeGreaterThanOrEqual(before - 1);
    expect(await longestKept(testNodes)).toBeLessThanOrEqual(60_000);
    await testNodes.clock.advance(70);
  }
  expect(lease.ttl).toBeLessThanOrEqual(ttl);
});
