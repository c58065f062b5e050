import { cases, type NodeCase } from "./case.js";
import { acquire, granted, heldBy, one, release, run, tokenOf, uniqueKey } from "./commands.js";
import { equal, matches, matching, partly } from "./expectations.js";

const batchCases = cases("a batch", {
  "is answered command by command, in order, and executed in order": async (node) => {
    const [key, mine, yours] = [uniqueKey(), tokenOf("me"), tokenOf("you")];
    const replies = await run(
      node,
      acquire(key, mine),
      acquire(key, yours),
      { op: "release", keys: [key], token: mine },
      acquire(key, yours),
      { op: "inspect", keys: [key] },
    );
    equal(replies, [
      granted,
      heldBy("me", key),
      granted,
      granted,
      { kind: "report", keys: [{ key, holder: partly({ owner: "you" }) }] },
    ]);
  },

  "of many commands goes on when one of them fails": async (node) => {
    const base = uniqueKey();
    const commands = Array.from({ length: 40 }, (_, index) =>
      acquire(`${base}:${index}`, tokenOf("me"), index === 17 ? 0 : 5_000),
    );
    const replies = await run(node, ...commands);
    matches(replies[17], {
      kind: "failed",
      reason: "refused",
      message: matching(/expire/),
    });
    equal(replies.filter((reply) => reply.kind === "granted").length, 39);
  },

  "may have more commands than fit one call, in one slot and over all slots": async (node) => {
    const [base, token] = [uniqueKey(), tokenOf("me")];
    const keys = Array.from({ length: 700 }, (_, index) => [
      `${base}:${index}`,
      `many:${base.length}:${token.slice(3)}:${index}`,
    ]).flat();
    const replies = await run(node, ...keys.map((key) => acquire(key, token)));
    equal(
      replies,
      keys.map(() => granted),
    );
    equal(await run(node, ...keys.map((key) => release(key, token))), replies);
  },

  "may be empty": async (node) => {
    equal(await run(node), []);
  },

  "sent behind another is executed behind it": async (node) => {
    const [key, token] = [uniqueKey(), tokenOf("me")];
    const replies = await Promise.all([
      one(node, acquire(key, token)),
      one(node, { op: "release", keys: [key], token }),
      one(node, acquire(key, tokenOf("you"))),
    ]);
    equal(replies, [granted, granted, granted]);
  },
});

export const batching: readonly NodeCase[] = [...batchCases];
