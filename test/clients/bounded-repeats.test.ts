import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Reply } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import { tokenOf } from "../contract/subject.js";
import { nodeOver } from "./fake-connection.js";

const keys = ["{a}1", "{a}2", "{a}3"];
const token = tokenOf("me");
const place = { id: "process:1", ticket: 1 };
const queue = { place, barge: false };
const ttl = 1_000;

const commands: readonly LockCommand[] = [
  { op: "acquire", keys, token, ttl },
  { op: "acquire", keys, token, ttl, queue },
  { op: "acquire", keys, token, ttl, queue, fence: 1 },
  { op: "acquireAny", keys, token, ttl, weight: 2, permits: keys.length, queue },
  { op: "renew", keys, token, ttl },
  { op: "renewEach", keys, tokens: keys.map(() => token), ttl },
  { op: "heal", keys, token, ttl },
  { op: "swap", keys, from: token, token: tokenOf("another"), ttl },
  { op: "giveBack", keys, from: token, token: tokenOf("another"), ttl },
  { op: "upgrade", keys, token, ttl, queue: { place } },
  { op: "downgrade", keys, token, queue: { id: place.id } },
  { op: "fence", keys, token, fence: 7 },
  { op: "release", keys, token },
  { op: "release", keys, token, queue: { id: place.id, wake: true } },
  { op: "inspect", keys },
];

const refusals = [
  ...[
    "NOPERM No permissions to access a key",
    "NOPERM this user has no permissions to run the 'eval' command",
  ],
  ...[
    "CROSSSLOT Keys in request don't hash to the same slot",
    "TRYAGAIN Multiple keys request during rehashing",
  ],
  ...["ASK 866 127.0.0.1:7001", "MOVED 866 127.0.0.1:7001", "NOSCRIPT No matching script. Please use EVAL."],
  ...[
    "ERR Protocol error: invalid multibulk length",
    "OOM command not allowed",
    "READONLY",
    "BUSY",
    "LOADING",
  ],
];

/** Calls that one command on three keys may take, at most. */
const maxCalls = 60;

/** Sends the commands together. Returns their replies, and the number of calls that were made. */
async function send(sent: readonly LockCommand[], refusalOf: (call: number) => string, sharded: boolean) {
  let calls = 0;
  const call = () => {
    calls += 1;
    // Ends a loop of promises, which would not let the test time out.
    return calls > 1_000 ? 0 : Promise.reject(new Error(refusalOf(calls)));
  };
  const node = nodeOver(call, { sharded });
  const replies = await new Promise<Reply[]>((resolve) => {
    const all: Reply[] = [];
    const answered = (reply: Reply) => {
      if (all.push(reply) === sent.length) resolve(all);
    };
    node.execute({
      mark: null,
      requests: sent.map((command) => ({ command, wanted: () => true, answered })),
    });
  });
  return { replies, calls };
}

describe.each([false, true])("with a Cluster: %s", (sharded) => {
  test.each(refusals)(
    "a command that is always refused with %s is answered after few calls",
    async (refusal) => {
      for (const command of commands) {
        const { replies, calls } = await send([command], () => refusal, sharded);
        expect(replies).toEqual([expect.objectContaining({ kind: "failed" })]);
        expect(calls, command.op).toBeLessThanOrEqual(maxCalls);
      }
    },
  );
});

test("whatever a server answers to a batch, each command is answered once, after few calls", async () => {
  const batch = fc.array(fc.constantFrom(...commands), { minLength: 1, maxLength: 5 });
  const answers = fc.array(fc.constantFrom(...refusals), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(batch, answers, fc.boolean(), async (sent, refusalsInTurn, sharded) => {
      const refusalOf = (call: number) => refusalsInTurn[call % refusalsInTurn.length] as string;
      const { replies, calls } = await send(sent, refusalOf, sharded);
      expect(replies.map(({ kind }) => kind)).toEqual(sent.map(() => "failed"));
      expect(calls).toBeLessThanOrEqual(maxCalls * sent.length);
    }),
    { numRuns: 200 },
  );
});
