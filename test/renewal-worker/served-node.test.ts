import { expect, test } from "vitest";
import { memoryNode } from "../../src/clients/memory/memory-node.js";
import type { Reply } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import type { FromWorker } from "../../src/renewal-worker/messages.js";
import { ServedNode } from "../../src/renewal-worker/thread/served-node.js";
import { settle } from "../../src/testing/virtual-clock.js";

const token = "me~1";
const heal: LockCommand = { op: "heal", keys: ["a"], token, ttl: 1_000 };

async function serve() {
  const lost = new Set<string>();
  const told: FromWorker[] = [];
  const replies: [number, Reply][] = [];
  const served = new ServedNode(
    memoryNode(),
    0,
    (message) => told.push(message),
    (number, reply) => replies.push([number, reply]),
    (one) => lost.has(one),
  );
  served.connect();
  await settle();
  return { served, lost, told, replies };
}

test("a key is not set again once the worker has released its lease", async () => {
  const { served, lost, replies } = await serve();
  lost.add(token);
  const commands: LockCommand[] = [heal, { op: "inspect", keys: ["a"] }];
  served.execute({ type: "batch", node: 0, mark: null, first: 7, commands });
  await settle();
  expect(replies).toEqual([
    [7, { kind: "denied", holder: null }],
    [8, { kind: "report", keys: [{ key: "a", holder: null }] }],
  ]);
});

test("calls are answered with their result, or with the error", async () => {
  const { served, told } = await serve();
  served.call({ type: "call", call: 1, node: 0, method: "identify", args: ["", null, 0] });
  served.call({ type: "call", call: 2, node: 0, method: "publish", args: [] });
  await settle();
  expect(told).toContainEqual({
    type: "result",
    call: 1,
    value: expect.objectContaining({ memory: expect.anything() }),
  });
  expect(told.filter(({ type }) => type === "result" || type === "failure")).toHaveLength(2);
});
