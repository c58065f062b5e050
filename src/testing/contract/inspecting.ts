import { cases, type NodeCase } from "./case.js";
import { acquire, holderOf, one, runIdOf, tokenOf, uniqueKey } from "./commands.js";
import { check, equal, matches, matching, partly } from "./expectations.js";

const inspectCases = cases("inspect", {
  "reports every key: its holder, or null": async (node) => {
    const base = uniqueKey();
    await one(node, acquire(`${base}a`, tokenOf("me"), 60_000));
    const reply = await one(node, { op: "inspect", keys: [`${base}a`, `${base}b`] });
    equal(reply, {
      kind: "report",
      keys: [
        {
          key: `${base}a`,
          holder: partly({ key: `${base}a`, owner: "me", type: "string" }),
        },
        { key: `${base}b`, holder: null },
      ],
    });
  },

  "shows the same hash for the same token, and another for another": async (node) => {
    const [base, token] = [uniqueKey(), tokenOf("me")];
    await one(node, acquire([`${base}a`, `${base}b`], token));
    await one(node, acquire(`${base}c`, tokenOf("me")));
    const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => holderOf(node, base + name)));
    equal(a?.tokenHash, b?.tokenHash);
    check(a?.tokenHash !== c?.tokenHash, c, "another hash");
  },
});

const identityCases = cases("a node", {
  "reports an identity, the same every time": async (node) => {
    const identity = await runIdOf(node);
    matches(identity, matching(/\w+/));
    equal(await runIdOf(node), identity);
  },
});

export const inspecting: readonly NodeCase[] = [...inspectCases, ...identityCases];
