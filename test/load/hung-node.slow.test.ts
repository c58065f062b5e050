import { expect, it } from "vitest";
import { ask } from "../engine/batches.js";
import { listen, World } from "../manager/world.js";
import { CountedNode } from "./counted-node.js";
import { heapInUse } from "./heap.js";

it("one hung node of three keeps at most 20,000 commands of 50,000 pairs, and is not flooded when it wakes", async () => {
  const world = new World(3);
  const nodes = world.nodes.map((node) => new CountedNode(node));
  const locks = world.locks({ nodes, ttl: 60_000, nodeTimeout: 200 });
  const heard = listen(locks);
  await locks.using("first", () => {});
  const [hung] = nodes as [CountedNode, ...CountedNode[]];
  const before = heapInUse();
  hung.memory.hang();
  let granted = 0;
  for (let round = 0; round < 500; round++) {
    heard.length = 0;
    const pairs = Array.from({ length: 100 }, async (_, index) => {
      const lease = await locks.acquire(`${round}:${index}`);
      granted++;
      return lease.release();
    });
    await world.run(Promise.all(pairs));
    // A turn a ms at first: it is the bound of requests that holds, before it is noticed that the node is silent.
    await world.clock.advance(round < 300 ? 1 : 20);
  }
  expect(granted).toBe(50_000);
  expect(hung.mostUnanswered).toBeGreaterThan(1_000);
  expect(hung.mostUnanswered).toBeLessThanOrEqual(20_001);
  heard.length = 0;
  expect(heapInUse() - before).toBeLessThan(50e6);
  // What was kept is executed in order, and nothing comes on top of it.
  for (const node of nodes) node.look();
  hung.memory.wake();
  await world.clock.advance(1_000);
  expect(hung.unanswered).toBe(0);
  expect(hung.look().commands).toBeLessThan(10);
  for (let round = 0; round < 300; round++) {
    const reply = await ask(hung.memory, {
      command: { op: "inspect", keys: Array.from({ length: 100 }, (_, index) => `${round}:${index}`) },
      wanted: () => true,
    });
    expect(reply.kind === "report" && reply.keys.every(({ holder }) => holder === null)).toBe(true);
  }
  // It votes again: without it there is no quorum.
  nodes[2]?.memory.crash();
  expect(await world.run(locks.using("last", () => "done"))).toBe("done");
}, 600_000);
