import { expect, it } from "vitest";
import { ask } from "../engine/batches.js";
import { TestNodes } from "./test-nodes.js";

const ttl = 2_000;

/** Returns the longest TTL in ms that any node has left for the key. */
async function longestTtlLeft(testNodes: TestNodes): Promise<number> {
  const command = { op: "inspect", keys: ["a"] } as const;
  const replies = await Promise.all(
    testNodes.nodes.map((node) => ask(node, { command, wanted: () => true })),
  );
  const lefts = replies.map((reply) => (reply.kind === "report" ? reply.keys[0]?.holder?.ttlLeft : null));
  // Without a holder there would be nothing to compare.
  expect(lefts).toEqual(testNodes.nodes.map(() => expect.any(Number)));
  return Math.max(...(lefts as number[]));
}

it("a lease that is renewed thousands of times keeps the requested TTL, on the nodes as well", async () => {
  const testNodes = new TestNodes();
  const lease = await testNodes.run(testNodes.locks().acquire("a", { ttl }));
  for (let times = 0; times < 5_000; times++) {
    await lease.renew();
    if (times % 7 === 0) await testNodes.clock.advance(1);
    const before = lease.remaining();
    expect(before).toBeLessThanOrEqual(ttl);
  }
  expect(lease.ttl).toBe(ttl);
  expect(await longestTtlLeft(testNodes)).toBeLessThanOrEqual(ttl);
});

it("a longer TTL that was requested once is kept while it lasts, and is never exceeded", async () => {
  const testNodes = new TestNodes();
  const lease = await testNodes.run(testNodes.locks().acquire("a", { ttl, renew: false }));
  await lease.renew(60_000);
  for (let times = 0; times < 1_000; times++) {
    const before = lease.remaining();
    await lease.renew(ttl);
    expect(lease.remaining()).toBeGreaterThanOrEqual(before - 1);
    expect(await longestTtlLeft(testNodes)).toBeLessThanOrEqual(60_000);
    await testNodes.clock.advance(70);
  }
  expect(lease.ttl).toBeLessThanOrEqual(ttl);
});
