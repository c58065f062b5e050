import { expect, test } from "vitest";
import { recogniseNode } from "../../src/clients/recognise.js";
import type { Reply } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";

const message = "NOPERM this user has no permissions to run the 'eval' command";
const release: LockCommand = { op: "release", keys: ["a"], token: `me~${"x".repeat(22)}` };

test("a plain client whose user may not call EVAL is called once, and the vote fails with the server's message", async () => {
  let calls = 0;
  const client = {
    set: async () => "OK",
    // An endless repetition would block the test, so the later calls are never answered.
    eval: () => (++calls > 10 ? new Promise(() => {}) : Promise.reject(new Error(message))),
  };
  const node = recogniseNode(client, 0);
  const reply = await new Promise<Reply>((resolve) => {
    node.execute({ mark: null, requests: [{ command: release, wanted: () => true, answered: resolve }] });
    setImmediate(() => resolve({ kind: "failed", reason: "timeout", message: "no answer" }));
  });
  expect(reply).toMatchObject({
    kind: "failed",
    reason: "refused",
    message: expect.stringContaining(message),
    lasting: true,
  });
  expect(calls).toBe(1);
  await node.close();
});
