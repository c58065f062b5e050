import { inspect } from "node:util";
import { expect, it } from "vitest";
import { createLocks, memoryNode } from "../../src/index.js";
import { TestNodes } from "./test-nodes.js";

it("what a program gets is printed as its JSON", async () => {
  const testNodes = new TestNodes(1);
  const locks = testNodes.locks();
  const handle = locks.handle("a");
  const lease = await testNodes.run(handle.acquire());
  const election = locks.election("scheduler");
  await testNodes.run(new Promise<void>((resolve) => void election.once("elected", () => resolve())));
  const semaphore = locks.semaphore("imports", { permits: 5 });
  const grouped = createLocks({ groups: { eu: [memoryNode("eu-1")], us: [memoryNode("us-1")] } });
  const all = { locks, handle, lease, election, term: election.term, semaphore, grouped };
  for (const [name, one] of Object.entries(all)) {
    const inJson = JSON.parse(JSON.stringify(one));
    expect(Object.keys(inJson), name).not.toEqual([]);
    const options = { depth: 10, breakLength: Number.POSITIVE_INFINITY, compact: 10 };
    expect(inspect(one, options), name).toBe(inspect(inJson, options));
  }
  expect(JSON.parse(JSON.stringify({ locks, grouped }))).toEqual({
    locks: { nodes: ["node-0"] },
    grouped: { groups: { eu: { nodes: ["eu-1"] }, us: { nodes: ["us-1"] } } },
  });
  await testNodes.run(Promise.all([lease.release(), locks.close(), grouped.close()]));
});
