import type { LockCommand } from "../../engine/protocol/command.js";
import { cases, type NodeCase } from "./case.js";
import { acquire, granted, heldBy, holderOf, missing, one, tokenOf, uniqueKey } from "./commands.js";
import { above, atMost, equal, matches } from "./expectations.js";

const swapCases = cases("swap", {
  "exchanges the token, without shortening the ttl": async (node) => {
    const [key, from, token] = [uniqueKey(), tokenOf("me"), tokenOf("heir")];
    await one(node, acquire(key, from, 60_000));
    const swap: LockCommand = { op: "swap", keys: [key], from, token, ttl: 1_000 };
    equal(await one(node, swap), granted);
    matches(await holderOf(node, key), { owner: "heir" });
    above((await holderOf(node, key))?.ttlLeft, 50_000);
    equal(await one(node, { op: "release", keys: [key], token: from }), heldBy("heir", key));
  },

  "grants again when it is resent": async (node) => {
    const [key, from, token] = [uniqueKey(), tokenOf("me"), tokenOf("heir")];
    await one(node, acquire(key, from));
    const swap: LockCommand = { op: "swap", keys: [key], from, token, ttl: 60_000 };
    await one(node, swap);
    equal(await one(node, swap), granted);
    matches(await holderOf(node, key), { owner: "heir" });
  },

  "denies a missing key, and a key of another token": async (node) => {
    const [base, from, token] = [uniqueKey(), tokenOf("me"), tokenOf("heir")];
    const swap = (...keys: string[]): LockCommand => ({ op: "swap", keys, from, token, ttl: 1_000 });
    equal(await one(node, swap(base)), missing);
    await one(node, acquire(`${base}a`, from));
    await one(node, acquire(`${base}b`, tokenOf("other")));
    equal(await one(node, swap(`${base}a`, `${base}b`)), heldBy("other", `${base}b`));
    matches(await holderOf(node, `${base}a`), { owner: "me" });
  },
});

const giveBack = (keys: readonly string[], from: string, token: string, ttl: number): LockCommand => ({
  op: "giveBack",
  keys,
  from,
  token,
  ttl,
});

const givingBackCases = cases("giving back", {
  "restores the earlier token, for no longer than the remaining or the requested ttl": async (node) => {
    for (const [left, ttl] of [
      [5_000, 60_000],
      [60_000, 5_000],
    ] as const) {
      const [key, mine, heirs] = [uniqueKey(), tokenOf("me"), tokenOf("heir")];
      await one(node, acquire(key, heirs, left));
      equal(await one(node, giveBack([key], heirs, mine, ttl)), granted);
      const holder = await holderOf(node, key);
      matches(holder, { owner: "me" });
      atMost(holder?.ttlLeft, 5_000);
      above(holder?.ttlLeft, 1_000);
      equal(await one(node, { op: "renew", keys: [key], token: mine, ttl: 5_000 }), granted);
    }
  },

  "changes none of the keys if one is not held under the later token": async (node) => {
    const [base, mine, heirs] = [uniqueKey(), tokenOf("me"), tokenOf("heir")];
    const [held, absent, others] = [`${base}held`, `${base}absent`, `${base}others`];
    await one(node, acquire(held, heirs));
    await one(node, acquire(others, tokenOf("other")));
    equal(await one(node, giveBack([held, absent], heirs, mine, 5_000)), missing);
    equal(await one(node, giveBack([held, others], heirs, mine, 5_000)), heldBy("other", others));
    // The key was given back already, or was never swapped.
    equal(await one(node, giveBack([held], mine, heirs, 5_000)), heldBy("heir", held));
    matches(await holderOf(node, held), { owner: "heir" });
    equal(await holderOf(node, absent), null);
    matches(await holderOf(node, others), { owner: "other" });
  },
});

export const handingOver: readonly NodeCase[] = [...swapCases, ...givingBackCases];
