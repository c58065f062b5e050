import { expect, it } from "vitest";
import { TestNodes } from "./test-nodes.js";

it("an inspection by both sets sees the lease of the old set, and changes no node", async () => {
  const testNodes = new TestNodes(3, "read");
  const { nodes } = testNodes;
  const [old, joint] = [
    testNodes.locks({ nodes: nodes.slice(0, 1) }),
    testNodes.locks({ nodes, previous: nodes.slice(0, 1) }),
  ];
  const lease = await testNodes.run(old.acquire("a", { fence: true, renew: false }));
  const record = () =>
    Promise.all(nodes.map((node) => testNodes.run(node.recordSets?.("", "", 0) ?? Promise.reject(node))));
  const before = await record();
  expect(await testNodes.run(joint.inspect("a"))).toMatchObject({ held: true });
  await testNodes.clock.advance(6_000);
  const after = await record();
  expect(before.map(({ watermark }) => watermark)).toEqual([lease.fence, 0, 0]);
  expect(after.map(({ watermark }) => watermark)).toEqual([lease.fence, 0, 0]);
  expect(after.map(({ uses }) => uses.length)).toEqual([1, 0, 0]);
});
