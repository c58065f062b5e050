import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { recogniseNode } from "../../src/clients/recognise.js";
import type { Reply } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const release: LockCommand = { op: "release", keys: ["a"], token: `me~${"x".repeat(22)}` };

test("an unanswered call of a plain client counts as lost after 10 s, and a later answer is ignored", async () => {
  const answers: ((value: unknown) => void)[] = [];
  const client = { set: async () => "OK", eval: () => new Promise((resolve) => void answers.push(resolve)) };
  const node = recogniseNode(client, 0);
  const replies: Reply[] = [];
  const ask = () =>
    node.execute({
      mark: null,
      requests: [{ command: release, wanted: () => true, answered: (reply) => void replies.push(reply) }],
    });
  ask();
  const identificationOf = node.identify("id", null).catch((error: Error) => error.message);
  await vi.advanceTimersByTimeAsync(9_999);
  expect(replies).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(replies).toMatchObject([{ kind: "failed", reason: "connection" }]);
  expect(await identificationOf).toContain("no answer within 10 s");
  ask();
  await vi.advanceTimersByTimeAsync(1);
  answers.at(-1)?.([1]);
  await vi.advanceTimersByTimeAsync(1);
  expect(replies.at(-1)).toEqual({ kind: "granted" });
  expect(vi.getTimerCount()).toBe(0);
});
