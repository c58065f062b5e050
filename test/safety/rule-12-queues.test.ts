import { describe, expect, it } from "vitest";
import { ask } from "../engine/batches.js";
import { addDeadWaiter } from "../manager/queues.js";
import { settle, TestNodes } from "../manager/test-nodes.js";

const wanted = () => true;
const foreign = { keys: ["a"], token: "foreign" };

describe("rule 12: queues are stored beside the key, never in it", () => {
  it("a client without queues takes a lock that is reserved for a waiter", async () => {
    const testNodes = new TestNodes();
    const held = await testNodes.run(testNodes.locks().acquire("a"));
    await addDeadWaiter(testNodes.nodes, "a");
    await held.release();
    await settle();
    expect(await testNodes.run(testNodes.locks().tryAcquire("a"))).toBeNull();
    for (const node of testNodes.nodes) {
      const taken = ask(node, { command: { op: "acquire", ...foreign, ttl: 1_000 }, wanted });
      expect(await taken).toEqual({ kind: "granted" });
    }
  });

  it("a queued caller waits for the end of a foreign lock, by its TTL or by a release without a wake-up", async () => {
    for (const released of [false, true]) {
      const testNodes = new TestNodes();
      for (const node of testNodes.nodes) {
        await ask(node, { command: { op: "acquire", ...foreign, ttl: 1_000 }, wanted });
      }
      const start = testNodes.clock.monotonic();
      let owned = false;
      const waiting = testNodes.locks().using("a", async () => {
        owned = true;
      });
      await testNodes.clock.advance(300);
      expect(owned).toBe(false);
      if (released) {
        for (const node of testNodes.nodes)
          await ask(node, { command: { op: "release", ...foreign }, wanted });
      }
      await testNodes.run(waiting);
      const taken = testNodes.clock.monotonic() - start;
      expect(taken).toBeGreaterThanOrEqual(released ? 300 : 1_000);
      expect(taken).toBeLessThanOrEqual(released ? 300 + 500 + 5 : 1_000 + 15);
    }
  });
});
