import { expect, it } from "vitest";
import { ask } from "../engine/batches.js";
import { listen, TestNodes } from "../manager/test-nodes.js";
import { CountedNode } from "./counted-node.js";
import { heapInUse } from "./heap.js";

it("one hung node of three holds at most 20,000 commands of 50,000 pairs, and is not flooded when it resumes", async () => {
  const testNodes = new TestNodes(3);
  const nodes = testNodes.nodes.map((node) => new CountedNode(node));
  const locks = testNodes.locks({ nodes, ttl: 60_000, nodeTimeout: 200 });
  const events = listen(locks);
  await locks.using("first", () => {});
  const [hung] = nodes as [CountedNode, ...CountedNode[]];
  const before = heapInUse();
  hung.memory.hang();
  let granted = 0;
  for (let round = 0; round < 500; round++) {
    events.length = 0;
    const pairs = Array.from({ length: 100 }, async (_, index) => {
      const lease = await locks.acquire(`${round}:${index}`);
      granted++;
      return lease.release();
    });
    await testNodes.run(Promise.all(pairs));
    // One tick per ms at first, so that the bound on requests applies before the silence of the node is detected.
    await testNodes.clock.advance(round < 300 ? 1 : 20);
  }
  expect(granted).toBe(50_000);
  expect(hung.maxUnanswered).toBeGreaterThan(1_000);
  expect(hung.maxUnanswered).toBeLessThanOrEqual(20_001);
  events.length = 0;
  expect(heapInUse() - before).toBeLessThan(50e6);
  // The held commands are executed in order, without additional commands.
  for (const node of nodes) node.look();
  hung.memory.wake();
  await testNodes.clock.advance(1_000);
  expect(hung.unanswered).toBe(0);
  expect(hung.look().commands).toBeLessThan(10);
  for (let round = 0; round < 300; round++) {
    const reply = await ask(hung.memory, {
      command: { op: "inspect", keys: Array.from({ length: 100 }, (_, index) => `${round}:${index}`) },
      wanted: () => true,
    });
    expect(reply.kind === "report" && reply.keys.every(({ holder }) => holder === null)).toBe(true);
  }
  // The node votes again: without its vote there is no quorum.
  nodes[2]?.memory.crash();
  expect(await testNodes.run(locks.using("last", () => "done"))).toBe("done");
}, 600_000);
