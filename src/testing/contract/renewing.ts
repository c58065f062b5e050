import type { LockCommand } from "../../engine/protocol/command.js";
import { cases, type NodeCase } from "./case.js";
import { acquire, granted, heldBy, holderOf, missing, one, tokenOf, uniqueKey } from "./commands.js";
import { above, atMost, equal, matches } from "./expectations.js";

const renewCases = cases("renew", {
  "extends the key to the ttl": async (node) => {
    const [key, token] = [uniqueKey(), tokenOf("me")];
    await one(node, acquire(key, token, 5_000));
    equal(await one(node, { op: "renew", keys: [key], token, ttl: 60_000 }), granted);
    above((await holderOf(node, key))?.ttlLeft, 50_000);
  },

  "never shortens the remaining ttl": async (node) => {
    const [key, token] = [uniqueKey(), tokenOf("me")];
    await one(node, acquire(key, token, 60_000));
    equal(await one(node, { op: "renew", keys: [key], token, ttl: 1_000 }), granted);
    above((await holderOf(node, key))?.ttlLeft, 50_000);
  },

  "denies a missing key without naming a holder, and does not create it": async (node) => {
    const key = uniqueKey();
    equal(await one(node, { op: "renew", keys: [key], token: tokenOf("me"), ttl: 1_000 }), missing);
    equal(await holderOf(node, key), null);
  },

  "denies a key that another token holds, and changes none of its keys": async (node) => {
    const [base, token] = [uniqueKey(), tokenOf("me")];
    await one(node, acquire(`${base}a`, token, 5_000));
    await one(node, acquire(`${base}b`, tokenOf("other")));
    const reply = await one(node, { op: "renew", keys: [`${base}a`, `${base}b`], token, ttl: 60_000 });
    equal(reply, heldBy("other", `${base}b`));
    atMost((await holderOf(node, `${base}a`))?.ttlLeft, 5_000);
  },
});

const renewEachCases = cases("renewEach", {
  "extends each key that holds its token, and reports the others": async (node) => {
    const base = uniqueKey();
    const keys = ["mine", "taken", "missing", "also-mine"].map((name) => `${base}${name}`);
    const [mine = "", taken = "", missing = "", alsoMine = ""] = keys;
    const tokens = ["me", "me", "me", "me too"].map(tokenOf);
    await one(node, acquire(mine, tokens[0] ?? "", 5_000));
    await one(node, acquire(taken, tokenOf("other"), 5_000));
    await one(node, acquire(alsoMine, tokens[3] ?? "", 5_000));
    if (node.renewsEach !== true) return;
    const command: LockCommand = { op: "renewEach", keys, tokens, ttl: 60_000 };
    equal(await one(node, command), { kind: "partly", others: [1, 2] });
    for (const key of [mine, alsoMine]) above((await holderOf(node, key))?.ttlLeft, 50_000);
    atMost((await holderOf(node, taken))?.ttlLeft, 5_000);
    equal(await holderOf(node, missing), null);
  },

  "grants if every key holds its token, and never shortens the remaining ttl": async (node) => {
    const keys = [uniqueKey(), uniqueKey()];
    const tokens = keys.map(() => tokenOf("me"));
    for (const [index, key] of keys.entries()) await one(node, acquire(key, tokens[index] ?? "", 60_000));
    if (node.renewsEach !== true) return;
    equal(await one(node, { op: "renewEach", keys, tokens, ttl: 1_000 }), granted);
    for (const key of keys) above((await holderOf(node, key))?.ttlLeft, 50_000);
  },
});

const healCases = cases("heal", {
  "puts a missing key back": async (node) => {
    const key = uniqueKey();
    equal(await one(node, { op: "heal", keys: [key], token: tokenOf("me"), ttl: 60_000 }), granted);
    matches(await holderOf(node, key), { owner: "me" });
  },

  "extends a key that is its own, without shortening it": async (node) => {
    const [key, token] = [uniqueKey(), tokenOf("me")];
    await one(node, acquire(key, token, 60_000));
    equal(await one(node, { op: "heal", keys: [key], token, ttl: 1_000 }), granted);
    above((await holderOf(node, key))?.ttlLeft, 50_000);
  },

  "denies a key that another token holds, and puts none back": async (node) => {
    const base = uniqueKey();
    await one(node, acquire(`${base}b`, tokenOf("other")));
    const keys = [`${base}a`, `${base}b`];
    const reply = await one(node, { op: "heal", keys, token: tokenOf("me"), ttl: 1_000 });
    equal(reply, heldBy("other", `${base}b`));
    equal(await holderOf(node, `${base}a`), null);
  },
});

export const renewing: readonly NodeCase[] = [...renewCases, ...renewEachCases, ...healCases];
