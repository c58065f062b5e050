import { once } from "node:events";
import { expect, it } from "vitest";
import { TestNodes } from "./test-nodes.js";

it("node:events waits for an event of locks, handles and elections", async () => {
  const testNodes = new TestNodes(1);
  const locks = testNodes.locks();
  const handle = locks.handle("a");
  const election = locks.election("scheduler");
  const events = Promise.all([
    once(locks as never, "acquired"),
    once(handle as never, "acquired"),
    once(election as never, "elected"),
  ]);
  const lease = await testNodes.run(handle.acquire());
  const [[fromLocks], [fromHandle], [elected]] = await testNodes.run(events);
  expect([fromLocks.type, fromHandle.type, elected.type]).toEqual(["acquired", "acquired", "elected"]);
  await testNodes.run(Promise.all([lease.release(), locks.close()]));
});

it("a listener of an event that does not exist is refused", () => {
  const locks = new TestNodes(1).locks();
  expect(() => locks.on("error" as never, () => {})).toThrow(/^event must be one of .*; got "error"$/);
  expect(() => locks.once("aquired" as never, () => {})).toThrow(/^event must be one of .*; got "aquired"$/);
});
