import type { LockNode } from "../../engine/node/lock-node.js";
import type { LockCommand } from "../../engine/protocol/command.js";
import { cases, type NodeCase } from "./case.js";
import { acquire, heldBy, missing, one, tokenOf, uniqueKey } from "./commands.js";
import { equal, matches } from "./expectations.js";

/** The highest fence that the node has accepted for this key. */
const highest = async (node: LockNode, key: string, token: string): Promise<number> => {
  const reply = await one(node, { op: "fence", keys: [key], token, fence: 0 });
  if (reply.kind !== "granted" || reply.fence === undefined) throw new Error(JSON.stringify(reply));
  equal(reply.fence.accepted, false);
  return reply.fence.highest;
};
const accepted = (fence: number) => ({ kind: "granted", fence: { accepted: true, highest: fence } });
const refused = (fence: number) => ({ kind: "granted", fence: { accepted: false, highest: fence } });

const fenceCases = cases("a fence", {
  "is part of the grant, is accepted once, and only if it is higher than all before": async (node) => {
    const [base, token] = [uniqueKey(), tokenOf("me")];
    await one(node, acquire(base, token));
    const next = (await highest(node, base, token)) + 5;
    const keys = [`${base}a`, `${base}b`];
    const fenced = (fence: number): LockCommand => ({ op: "acquire", keys, token, ttl: 10_000, fence });
    equal(await one(node, fenced(next)), accepted(next));
    equal(await one(node, fenced(next)), refused(next));
    equal(await one(node, fenced(next - 1)), refused(next));
    equal(await one(node, fenced(next + 1)), accepted(next + 1));
  },

  "is accepted only from the holder": async (node) => {
    const [key, token] = [uniqueKey(), tokenOf("me")];
    const propose = (owner: string): LockCommand => ({
      op: "fence",
      keys: [key],
      token: owner,
      fence: 1,
    });
    equal(await one(node, propose(token)), missing);
    await one(node, acquire(key, tokenOf("other")));
    equal(await one(node, propose(token)), heldBy("other", key));
  },

  "that was refused is next compared with what it was compared with before, whatever fences others have since":
    async (node) => {
      const [base, token] = [uniqueKey(), tokenOf("me")];
      const propose = (keys: readonly string[], fence: number): LockCommand => ({
        op: "fence",
        keys,
        token,
        fence,
      });
      const [fresh, both, other] = [`${base}fresh`, [`${base}x`, `${base}y`], `${base}other`];
      for (const key of [base, fresh, ...both, other]) await one(node, acquire(key, token));
      const top = await highest(node, base, token);
      equal(await one(node, propose([both[0] as string], top + 10)), accepted(top + 10));
      equal(await one(node, propose([fresh], top)), refused(top + 10));
      equal(await one(node, propose(both, top)), refused(top + 10));
      equal(await one(node, propose([other], top + 100)), accepted(top + 100));
      equal(await one(node, propose([fresh], top + 10)), refused(top + 10));
      equal(await one(node, propose([fresh], top + 11)), accepted(top + 11));
      equal(await one(node, propose(both, top + 11)), accepted(top + 11));
      equal(await one(node, propose([both[0] as string], top + 30)), accepted(top + 30));
      for (const pair of [both, [...both].reverse()]) {
        equal(await one(node, propose(pair, top + 20)), refused(top + 30));
      }
      // A key without a refused proposal is compared with the watermark.
      equal(await one(node, propose([`${base}`], top + 12)), accepted(top + 12));
      await one(node, acquire(`${base}z`, token));
      equal(await one(node, propose([`${base}z`], top + 100)), refused(top + 100));
    },

  "moves on with a swap": async (node) => {
    const [key, from, token] = [uniqueKey(), tokenOf("me"), tokenOf("heir")];
    await one(node, acquire(key, from));
    const fence = (await highest(node, key, from)) + 1;
    const swap: LockCommand = { op: "swap", keys: [key], from, token, ttl: 10_000, fence };
    equal(await one(node, swap), accepted(fence));
    matches(await one(node, { op: "inspect", keys: [key] }), {
      keys: [{ holder: { owner: "heir" } }],
    });
  },
});

export const fencing: readonly NodeCase[] = [...fenceCases];
