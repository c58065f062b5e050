import { expect, it } from "vitest";
import { createLocks, memoryNode } from "../../src/index.js";
import { TestNodes } from "./test-nodes.js";

it("a lease and a handle are released by a method that is passed on without them", async () => {
  const testNodes = new TestNodes(3);
  const locks = testNodes.locks();
  const lease = await testNodes.run(locks.acquire("a"));
  expect(await testNodes.run(Promise.resolve("done").finally(lease.release))).toBe("done");
  const handle = locks.handle("b");
  await testNodes.run(handle.acquire());
  expect(await testNodes.run(Promise.resolve("done").finally(handle.release))).toBe("done");
  expect(await testNodes.holders("a")).toEqual([false, false, false]);
  expect(await testNodes.holders("b")).toEqual([false, false, false]);
});

it("the methods of locks, semaphores and elections can be passed on without them", async () => {
  const testNodes = new TestNodes(3);
  const { using, semaphore, election, close } = testNodes.locks();
  expect(await testNodes.run(using("a", async () => "done"))).toBe("done");
  const { using: underPermit } = semaphore("imports", { permits: 2 });
  expect(await testNodes.run(underPermit(async () => "imported"))).toBe("imported");
  const { close: leave, once } = election("scheduler");
  await testNodes.run(new Promise<void>((resolve) => void once("elected", () => resolve())));
  await testNodes.run(leave());
  await testNodes.run(Promise.resolve().finally(close));
});

it("the methods of locks over groups can be passed on without them", async () => {
  const { using, close } = createLocks({ groups: { eu: [memoryNode()], us: [memoryNode()] } });
  expect(await using("a", async () => "done")).toBe("done");
  await Promise.resolve().finally(close);
});
