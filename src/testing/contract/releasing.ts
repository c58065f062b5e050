import type { LockCommand } from "../../engine/protocol/command.js";
import { cases, type NodeCase } from "./case.js";
import { acquire, granted, heldBy, holderOf, missing, one, tokenOf, uniqueKey } from "./commands.js";
import { above, anyNumber, atMost, check, equal, matches } from "./expectations.js";

const releaseCases = cases("release", {
  "deletes the key, and may be repeated": async (node) => {
    const [key, token] = [uniqueKey(), tokenOf("me")];
    await one(node, acquire(key, token));
    equal(await one(node, { op: "release", keys: [key], token }), granted);
    equal(await holderOf(node, key), null);
    equal(await one(node, { op: "release", keys: [key], token }), missing);
  },

  "deletes its own key, and keeps a key of another token": async (node) => {
    const [base, token] = [uniqueKey(), tokenOf("me")];
    await one(node, acquire(`${base}b`, token));
    await one(node, acquire(`${base}a`, tokenOf("other")));
    const reply = await one(node, { op: "release", keys: [`${base}a`, `${base}b`], token });
    equal(reply, heldBy("other", `${base}a`));
    matches(await holderOf(node, `${base}a`), { owner: "other" });
    equal(await holderOf(node, `${base}b`), null);
  },
});

const keep = (keys: readonly string[], token: string, rest: number): LockCommand => ({
  op: "release",
  keys,
  token,
  rest,
});

const keptReleaseCases = cases("release of a key that is kept", {
  "shortens the remaining time, never lengthens it, and leaves the owner and the hash": async (node) => {
    for (const [ttl, rest] of [
      [60_000, 5_000],
      [5_000, 60_000],
    ] as const) {
      const [key, token] = [uniqueKey(), tokenOf("me")];
      await one(node, acquire(key, token, ttl));
      const before = await holderOf(node, key);
      equal(await one(node, keep([key], token, rest)), granted);
      const after = await holderOf(node, key);
      equal(after, { ...before, ttlLeft: anyNumber, kept: true });
      atMost(after?.ttlLeft, 5_000);
      above(after?.ttlLeft, 3_000);
    }
  },

  "leaves nothing that a late command in the name of the token could change": async (node) => {
    const [key, token] = [uniqueKey(), tokenOf("me")];
    await one(node, acquire(key, token));
    await one(node, keep([key], token, 5_000));
    const held = heldBy("me", key);
    const ttl = 60_000;
    const late: LockCommand[] = [
      acquire(key, token, ttl),
      { op: "renew", keys: [key], token, ttl },
      { op: "heal", keys: [key], token, ttl },
      { op: "swap", keys: [key], from: token, token: tokenOf("heir"), ttl },
      keep([key], token, 1),
      { op: "release", keys: [key], token },
    ];
    for (const command of late) equal(await one(node, command), held);
    const after = await holderOf(node, key);
    matches(after, { owner: "me", kept: true });
    atMost(after?.ttlLeft, 5_000);
  },

  "keeps its own key, and leaves a key of another token": async (node) => {
    const [base, token] = [uniqueKey(), tokenOf("me")];
    await one(node, acquire(`${base}b`, token));
    await one(node, acquire(`${base}a`, tokenOf("other")));
    const reply = await one(node, keep([`${base}a`, `${base}b`], token, 5_000));
    equal(reply, heldBy("other", `${base}a`));
    check(!("kept" in Object(await holderOf(node, `${base}a`))), "kept", "a key that is not kept");
    matches(await holderOf(node, `${base}b`), { owner: "me", kept: true });
  },
});

export const releasing: readonly NodeCase[] = [...releaseCases, ...keptReleaseCases];
