import { describe, expect, it } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { granted, missing, ScriptedNode } from "../engine/scripted-node.js";
import { answer, caught, scripted } from "../safety/scripted-locks.js";
import { TestNodes } from "./test-nodes.js";

describe("the first acquisition of a process", () => {
  it("takes no longer than its wait, even while the nodes are not identified", async () => {
    const testNodes = new TestNodes();
    const nodes = testNodes.nodes.map(({ name }) => new ScriptedNode(name));
    for (const node of nodes) node.connection = "connecting";
    const locks = testNodes.locks({ nodes, nodeTimeout: 10, connectTimeout: 5_000 });
    const since = testNodes.clock.monotonic();
    expect(await testNodes.run(caught(locks.acquire("a", { wait: 100 })))).toMatchObject({
      code: "ACQUIRE_TIMEOUT",
    });
    expect(testNodes.clock.monotonic() - since).toBeLessThanOrEqual(105);
  });
});

describe("a waiting handle", () => {
  it("emits the failed event when its manager is closed", async () => {
    const testNodes = new TestNodes();
    await testNodes.run(testNodes.locks().acquire("a"));
    const locks = testNodes.locks();
    const handle = locks.handle("a", { wait: 60_000 });
    const errors: unknown[] = [];
    handle.on("failed", ({ error }) => errors.push(error));
    const error = caught(handle.acquire());
    await testNodes.clock.advance(1_000);
    await testNodes.run(locks.close());
    expect(errors).toEqual([await error]);
    expect(errors).toMatchObject([{ code: "MANAGER_CLOSED" }]);
  });
});

describe("a node that identifies itself and then becomes unresponsive", () => {
  it("gets its connection replaced, even before the state of its memory is known", async () => {
    const testNodes = new TestNodes();
    for (const node of testNodes.nodes) node.flush();
    const node = testNodes.node(2);
    const replaced = makeUnresponsive(testNodes, node);
    const locks = testNodes.locks({ nodeTimeout: 100 });
    const acquired = testNodes.run(locks.acquire("a", { wait: 20_000 }));
    await expect(acquired).resolves.toMatchObject({ resources: ["a"] });
    await testNodes.clock.advance(2_000);
    expect(replaced.count).toBe(1);
    await expect(testNodes.holders("a")).resolves.toEqual([true, true, true]);
  });
});

describe("a node whose client times out every call before the node timeout", () => {
  it("gets its connection replaced, even before it is identified", async () => {
    const testNodes = new TestNodes();
    const replaced = makeUnresponsive(testNodes, testNodes.node(2), { answers: 0, timeout: 20 });
    const locks = testNodes.locks({ nodeTimeout: 100 });
    for (let round = 0; round < 100 && replaced.count === 0; round++) {
      await (await testNodes.run(locks.acquire("a"))).release();
      await testNodes.clock.advance(100);
    }
    expect(replaced.count).toBe(1);
  });
});

describe("a request that is known to be lost only after its release was answered", () => {
  it("is released once more, because it may have arrived after the release", async () => {
    const { locks, nodes } = scripted(3);
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted, granted, null]);
    const released = (await acquisition).release();
    await answer(nodes, "release", [granted, granted, missing]);
    expect(await released).toBe("released");
    expect(nodes.map((node) => node.of("release").length)).toEqual([1, 1, 1]);
    await answer(nodes, "acquire", [null, null, { kind: "failed", reason: "connection", message: "lost" }]);
    expect(nodes.map((node) => node.of("release").length)).toEqual([1, 1, 2]);
  });
});

describe("a request that a plain client has timed out", () => {
  it("has its release repeated, because both may have used different connections", async () => {
    const { locks, nodes, clock } = scripted(3, {}, true);
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted, granted, null]);
    await answer(nodes, "acquire", [null, null, { kind: "failed", reason: "timeout", message: "timed out" }]);
    const released = (await acquisition).release();
    await answer(nodes, "release", [granted, granted, missing]);
    expect(await released).toBe("released");
    await clock.advance(1_100);
    expect(nodes.map((node) => node.of("release").length)).toEqual([1, 1, 2]);
  });
});

/**
 * Makes the connection answer `answers` identify calls, and then no call until it is replaced. `timeout`: ms after
 * which the client times out a call.
 */
function makeUnresponsive(
  { clock }: TestNodes,
  node: TestNodes["nodes"][number],
  { answers = 1, timeout = Number.POSITIVE_INFINITY } = {},
) {
  const replaced = { count: 0 };
  const asked = { count: 0 };
  const lost: ((error: Error) => void)[] = [];
  const { identify, execute } = node;
  const connection: Pick<LockNode, "identify" | "execute" | "replaceConnection"> = {
    identify: (...question) =>
      replaced.count === 0 && asked.count++ >= answers
        ? new Promise((_, reject) => {
            lost.push(reject);
            if (timeout < Number.POSITIVE_INFINITY) {
              clock.after(timeout, () => reject(new Error("Command timed out")));
            }
          })
        : Reflect.apply(identify, node, question),
    execute: (batch) => (replaced.count === 0 ? undefined : Reflect.apply(execute, node, [batch])),
    replaceConnection: () => {
      replaced.count++;
      for (const lose of lost.splice(0)) lose(new Error("replaced"));
      node.crash();
      node.reconnect();
      return "replacing";
    },
  };
  Object.assign(node, connection);
  return replaced;
}
