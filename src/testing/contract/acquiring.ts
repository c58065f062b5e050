import { cases, type NodeCase } from "./case.js";
import { acquire, granted, heldBy, holderOf, one, tokenOf, ttlOf, uniqueKey } from "./commands.js";
import { above, atMost, check, equal, matches } from "./expectations.js";

const acquireCases = cases("acquire", {
  "grants a free key": async (node) => {
    const [key, token] = [uniqueKey(), tokenOf("me")];
    equal(await one(node, acquire(key, token)), granted);
    matches(await holderOf(node, key), { key, owner: "me", type: "string" });
  },

  "denies a key that another token holds, and reports owner and remaining ttl, never the token": async (
    node,
  ) => {
    const [key, token] = [uniqueKey(), tokenOf("other")];
    await one(node, acquire(key, token, 60_000));
    const reply = await one(node, acquire(key, tokenOf("me")));
    equal(reply, heldBy("other", key));
    above(ttlOf(reply), 50_000);
    atMost(ttlOf(reply), 60_000);
    check(!JSON.stringify(reply).includes(token.split("~")[1] ?? token), reply, "no token");
  },

  "grants its own token again, with the full ttl": async (node) => {
    const [key, token] = [uniqueKey(), tokenOf("me")];
    await one(node, acquire(key, token, 5_000));
    equal(await one(node, acquire(key, token, 60_000)), granted);
    above((await holderOf(node, key))?.ttlLeft, 50_000);
  },

  "acquires all of several keys": async (node) => {
    const base = uniqueKey();
    const keys = [`${base}a`, `${base}b`, `${base}c`];
    equal(await one(node, acquire(keys, tokenOf("me"))), granted);
    for (const key of keys) matches(await holderOf(node, key), { owner: "me" });
  },

  "acquires none of several keys when one is held": async (node) => {
    const base = uniqueKey();
    const keys = [`${base}a`, `${base}b`, `${base}c`];
    await one(node, acquire(keys[1] as string, tokenOf("other")));
    equal(await one(node, acquire(keys, tokenOf("me"))), heldBy("other", `${base}b`));
    equal(await holderOf(node, `${base}a`), null);
    equal(await holderOf(node, `${base}c`), null);
  },

  "keeps a ttl of Number.MAX_SAFE_INTEGER": async (node) => {
    const key = uniqueKey();
    equal(await one(node, acquire(key, tokenOf("me"), Number.MAX_SAFE_INTEGER)), granted);
    above((await holderOf(node, key))?.ttlLeft, Number.MAX_SAFE_INTEGER - 60_000);
  },

  "accepts keys in any script and with spaces": async (node) => {
    const key = `${uniqueKey()} ключ 🔒 ~`;
    equal(await one(node, acquire(key, tokenOf("имя"))), granted);
    matches(await holderOf(node, key), { key, owner: "имя" });
  },
});

export const acquiring: readonly NodeCase[] = [...acquireCases];
