import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import type { LockCommand } from "../../src/engine/protocol/command.js";
import {
  acquire,
  granted,
  heldBy,
  holderOf,
  missing,
  type Open,
  one,
  openReady,
  release,
  run,
  runIdOf,
  type Subject,
  tokenOf,
  ttlOf,
  uniqueKey,
} from "./subject.js";

/** The contract of every node, whatever its client. */
export function describeNodeContract(name: string, open: Open): void {
  describe(name, () => {
    let subject: Subject;
    let node: LockNode;
    const inspect = (key: string) => holderOf(node, key);

    beforeAll(async () => {
      subject = await openReady(open);
      node = subject.node;
    });
    afterAll(async () => {
      await node.close();
      await subject.end();
    });

    describe("acquire", () => {
      test("grants a free key", async () => {
        const [key, token] = [uniqueKey(), tokenOf("me")];
        expect(await one(node, acquire(key, token))).toEqual(granted);
        expect(await inspect(key)).toMatchObject({ key, owner: "me", type: "string" });
      });

      test("denies a key that another token holds, and reports owner and remaining ttl, never the token", async () => {
        const [key, token] = [uniqueKey(), tokenOf("other")];
        await one(node, acquire(key, token, 60_000));
        const reply = await one(node, acquire(key, tokenOf("me")));
        expect(reply).toEqual(heldBy("other", key));
        expect(ttlOf(reply)).toBeGreaterThan(50_000);
        expect(ttlOf(reply)).toBeLessThanOrEqual(60_000);
        expect(JSON.stringify(reply)).not.toContain(token.split("~")[1]);
      });

      test("grants its own token again, with the full ttl", async () => {
        const [key, token] = [uniqueKey(), tokenOf("me")];
        await one(node, acquire(key, token, 5_000));
        expect(await one(node, acquire(key, token, 60_000))).toEqual(granted);
        expect((await inspect(key))?.ttlLeft).toBeGreaterThan(50_000);
      });

      test("acquires all of several keys", async () => {
        const base = uniqueKey();
        const keys = [`${base}a`, `${base}b`, `${base}c`];
        expect(await one(node, acquire(keys, tokenOf("me")))).toEqual(granted);
        for (const key of keys) expect(await inspect(key)).toMatchObject({ owner: "me" });
      });

      test("acquires none of several keys when one is held", async () => {
        const base = uniqueKey();
        const keys = [`${base}a`, `${base}b`, `${base}c`];
        await one(node, acquire(keys[1] as string, tokenOf("other")));
        expect(await one(node, acquire(keys, tokenOf("me")))).toEqual(heldBy("other", `${base}b`));
        expect(await inspect(`${base}a`)).toBeNull();
        expect(await inspect(`${base}c`)).toBeNull();
      });

      test("keeps a ttl of Number.MAX_SAFE_INTEGER", async () => {
        const key = uniqueKey();
        expect(await one(node, acquire(key, tokenOf("me"), Number.MAX_SAFE_INTEGER))).toEqual(granted);
        expect((await inspect(key))?.ttlLeft).toBeGreaterThan(Number.MAX_SAFE_INTEGER - 60_000);
      });

      test("accepts keys in any script and with spaces", async () => {
        const key = `${uniqueKey()} ключ 🔒 ~`;
        expect(await one(node, acquire(key, tokenOf("имя")))).toEqual(granted);
        expect(await inspect(key)).toMatchObject({ key, owner: "имя" });
      });
    });

    describe("renew", () => {
      test("extends the key to the ttl", async () => {
        const [key, token] = [uniqueKey(), tokenOf("me")];
        await one(node, acquire(key, token, 5_000));
        expect(await one(node, { op: "renew", keys: [key], token, ttl: 60_000 })).toEqual(granted);
        expect((await inspect(key))?.ttlLeft).toBeGreaterThan(50_000);
      });

      test("never shortens the remaining ttl", async () => {
        const [key, token] = [uniqueKey(), tokenOf("me")];
        await one(node, acquire(key, token, 60_000));
        expect(await one(node, { op: "renew", keys: [key], token, ttl: 1_000 })).toEqual(granted);
        expect((await inspect(key))?.ttlLeft).toBeGreaterThan(50_000);
      });

      test("denies a missing key without naming a holder, and does not create it", async () => {
        const key = uniqueKey();
        expect(await one(node, { op: "renew", keys: [key], token: tokenOf("me"), ttl: 1_000 })).toEqual(
          missing,
        );
        expect(await inspect(key)).toBeNull();
      });

      test("denies a key that another token holds, and changes none of its keys", async () => {
        const [base, token] = [uniqueKey(), tokenOf("me")];
        await one(node, acquire(`${base}a`, token, 5_000));
        await one(node, acquire(`${base}b`, tokenOf("other")));
        const reply = await one(node, { op: "renew", keys: [`${base}a`, `${base}b`], token, ttl: 60_000 });
        expect(reply).toEqual(heldBy("other", `${base}b`));
        expect((await inspect(`${base}a`))?.ttlLeft).toBeLessThanOrEqual(5_000);
      });
    });

    describe("renewEach", () => {
      test("extends each key that holds its token, and reports the others", async () => {
        const base = uniqueKey();
        const keys = ["mine", "taken", "missing", "also-mine"].map((name) => `${base}${name}`);
        const [mine = "", taken = "", missing = "", alsoMine = ""] = keys;
        const tokens = ["me", "me", "me", "me too"].map(tokenOf);
        await one(node, acquire(mine, tokens[0] ?? "", 5_000));
        await one(node, acquire(taken, tokenOf("other"), 5_000));
        await one(node, acquire(alsoMine, tokens[3] ?? "", 5_000));
        if (node.renewsEach !== true) return;
        const command: LockCommand = { op: "renewEach", keys, tokens, ttl: 60_000 };
        expect(await one(node, command)).toEqual({ kind: "partly", others: [1, 2] });
        for (const key of [mine, alsoMine]) expect((await inspect(key))?.ttlLeft).toBeGreaterThan(50_000);
        expect((await inspect(taken))?.ttlLeft).toBeLessThanOrEqual(5_000);
        expect(await inspect(missing)).toBeNull();
      });

      test("grants if every key holds its token, and never shortens the remaining ttl", async () => {
        const keys = [uniqueKey(), uniqueKey()];
        const tokens = keys.map(() => tokenOf("me"));
        for (const [index, key] of keys.entries()) await one(node, acquire(key, tokens[index] ?? "", 60_000));
        if (node.renewsEach !== true) return;
        expect(await one(node, { op: "renewEach", keys, tokens, ttl: 1_000 })).toEqual(granted);
        for (const key of keys) expect((await inspect(key))?.ttlLeft).toBeGreaterThan(50_000);
      });
    });

    describe("heal", () => {
      test("puts a missing key back", async () => {
        const key = uniqueKey();
        expect(await one(node, { op: "heal", keys: [key], token: tokenOf("me"), ttl: 60_000 })).toEqual(
          granted,
        );
        expect(await inspect(key)).toMatchObject({ owner: "me" });
      });

      test("extends a key that is its own, without shortening it", async () => {
        const [key, token] = [uniqueKey(), tokenOf("me")];
        await one(node, acquire(key, token, 60_000));
        expect(await one(node, { op: "heal", keys: [key], token, ttl: 1_000 })).toEqual(granted);
        expect((await inspect(key))?.ttlLeft).toBeGreaterThan(50_000);
      });

      test("denies a key that another token holds, and puts none back", async () => {
        const base = uniqueKey();
        await one(node, acquire(`${base}b`, tokenOf("other")));
        const keys = [`${base}a`, `${base}b`];
        const reply = await one(node, { op: "heal", keys, token: tokenOf("me"), ttl: 1_000 });
        expect(reply).toEqual(heldBy("other", `${base}b`));
        expect(await inspect(`${base}a`)).toBeNull();
      });
    });

    describe("swap", () => {
      test("exchanges the token, without shortening the ttl", async () => {
        const [key, from, token] = [uniqueKey(), tokenOf("me"), tokenOf("heir")];
        await one(node, acquire(key, from, 60_000));
        const swap: LockCommand = { op: "swap", keys: [key], from, token, ttl: 1_000 };
        expect(await one(node, swap)).toEqual(granted);
        expect(await inspect(key)).toMatchObject({ owner: "heir" });
        expect((await inspect(key))?.ttlLeft).toBeGreaterThan(50_000);
        expect(await one(node, { op: "release", keys: [key], token: from })).toEqual(heldBy("heir", key));
      });

      test("grants again when it is resent", async () => {
        const [key, from, token] = [uniqueKey(), tokenOf("me"), tokenOf("heir")];
        await one(node, acquire(key, from));
        const swap: LockCommand = { op: "swap", keys: [key], from, token, ttl: 60_000 };
        await one(node, swap);
        expect(await one(node, swap)).toEqual(granted);
        expect(await inspect(key)).toMatchObject({ owner: "heir" });
      });

      test("denies a missing key, and a key of another token", async () => {
        const [base, from, token] = [uniqueKey(), tokenOf("me"), tokenOf("heir")];
        const swap = (...keys: string[]): LockCommand => ({ op: "swap", keys, from, token, ttl: 1_000 });
        expect(await one(node, swap(base))).toEqual(missing);
        await one(node, acquire(`${base}a`, from));
        await one(node, acquire(`${base}b`, tokenOf("other")));
        expect(await one(node, swap(`${base}a`, `${base}b`))).toEqual(heldBy("other", `${base}b`));
        expect(await inspect(`${base}a`)).toMatchObject({ owner: "me" });
      });
    });

    describe("release", () => {
      test("deletes the key, and may be repeated", async () => {
        const [key, token] = [uniqueKey(), tokenOf("me")];
        await one(node, acquire(key, token));
        expect(await one(node, { op: "release", keys: [key], token })).toEqual(granted);
        expect(await inspect(key)).toBeNull();
        expect(await one(node, { op: "release", keys: [key], token })).toEqual(missing);
      });

      test("deletes its own key, and keeps a key of another token", async () => {
        const [base, token] = [uniqueKey(), tokenOf("me")];
        await one(node, acquire(`${base}b`, token));
        await one(node, acquire(`${base}a`, tokenOf("other")));
        const reply = await one(node, { op: "release", keys: [`${base}a`, `${base}b`], token });
        expect(reply).toEqual(heldBy("other", `${base}a`));
        expect(await inspect(`${base}a`)).toMatchObject({ owner: "other" });
        expect(await inspect(`${base}b`)).toBeNull();
      });
    });

    describe("release of a key that is kept", () => {
      const keep = (keys: readonly string[], token: string, rest: number): LockCommand => ({
        op: "release",
        keys,
        token,
        rest,
      });

      test("shortens the remaining time, never lengthens it, and leaves the owner and the hash", async () => {
        for (const [ttl, rest] of [
          [60_000, 5_000],
          [5_000, 60_000],
        ] as const) {
          const [key, token] = [uniqueKey(), tokenOf("me")];
          await one(node, acquire(key, token, ttl));
          const before = await inspect(key);
          expect(await one(node, keep([key], token, rest))).toEqual(granted);
          const after = await inspect(key);
          expect(after).toEqual({ ...before, ttlLeft: expect.any(Number), kept: true });
          expect(after?.ttlLeft).toBeLessThanOrEqual(5_000);
          expect(after?.ttlLeft).toBeGreaterThan(3_000);
        }
      });

      test("leaves nothing that a late command in the name of the token could change", async () => {
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
        for (const command of late) expect(await one(node, command)).toEqual(held);
        const after = await inspect(key);
        expect(after).toMatchObject({ owner: "me", kept: true });
        expect(after?.ttlLeft).toBeLessThanOrEqual(5_000);
      });

      test("keeps its own key, and leaves a key of another token", async () => {
        const [base, token] = [uniqueKey(), tokenOf("me")];
        await one(node, acquire(`${base}b`, token));
        await one(node, acquire(`${base}a`, tokenOf("other")));
        const reply = await one(node, keep([`${base}a`, `${base}b`], token, 5_000));
        expect(reply).toEqual(heldBy("other", `${base}a`));
        expect(await inspect(`${base}a`)).not.toHaveProperty("kept");
        expect(await inspect(`${base}b`)).toMatchObject({ owner: "me", kept: true });
      });
    });

    describe("giving back", () => {
      const giveBack = (keys: readonly string[], from: string, token: string, ttl: number): LockCommand => ({
        op: "giveBack",
        keys,
        from,
        token,
        ttl,
      });

      test("restores the earlier token, for no longer than the remaining or the requested ttl", async () => {
        for (const [left, ttl] of [
          [5_000, 60_000],
          [60_000, 5_000],
        ] as const) {
          const [key, mine, heirs] = [uniqueKey(), tokenOf("me"), tokenOf("heir")];
          await one(node, acquire(key, heirs, left));
          expect(await one(node, giveBack([key], heirs, mine, ttl))).toEqual(granted);
          const holder = await inspect(key);
          expect(holder).toMatchObject({ owner: "me" });
          expect(holder?.ttlLeft).toBeLessThanOrEqual(5_000);
          expect(holder?.ttlLeft).toBeGreaterThan(1_000);
          expect(await one(node, { op: "renew", keys: [key], token: mine, ttl: 5_000 })).toEqual(granted);
        }
      });

      test("changes none of the keys if one is not held under the later token", async () => {
        const [base, mine, heirs] = [uniqueKey(), tokenOf("me"), tokenOf("heir")];
        const [held, absent, others] = [`${base}held`, `${base}absent`, `${base}others`];
        await one(node, acquire(held, heirs));
        await one(node, acquire(others, tokenOf("other")));
        expect(await one(node, giveBack([held, absent], heirs, mine, 5_000))).toEqual(missing);
        expect(await one(node, giveBack([held, others], heirs, mine, 5_000))).toEqual(
          heldBy("other", others),
        );
        // The key was given back already, or was never swapped.
        expect(await one(node, giveBack([held], mine, heirs, 5_000))).toEqual(heldBy("heir", held));
        expect(await inspect(held)).toMatchObject({ owner: "heir" });
        expect(await inspect(absent)).toBeNull();
        expect(await inspect(others)).toMatchObject({ owner: "other" });
      });
    });

    describe("a fence", () => {
      /** The highest fence that the node has accepted for this key. */
      const highest = async (key: string, token: string): Promise<number> => {
        const reply = await one(node, { op: "fence", keys: [key], token, fence: 0 });
        if (reply.kind !== "granted" || reply.fence === undefined) throw new Error(JSON.stringify(reply));
        expect(reply.fence.accepted).toBe(false);
        return reply.fence.highest;
      };
      const accepted = (fence: number) => ({ kind: "granted", fence: { accepted: true, highest: fence } });
      const refused = (fence: number) => ({ kind: "granted", fence: { accepted: false, highest: fence } });

      test("is part of the grant, is accepted once, and only if it is higher than all before", async () => {
        const [base, token] = [uniqueKey(), tokenOf("me")];
        await one(node, acquire(base, token));
        const next = (await highest(base, token)) + 5;
        const keys = [`${base}a`, `${base}b`];
        const fenced = (fence: number): LockCommand => ({ op: "acquire", keys, token, ttl: 10_000, fence });
        expect(await one(node, fenced(next))).toEqual(accepted(next));
        expect(await one(node, fenced(next))).toEqual(refused(next));
        expect(await one(node, fenced(next - 1))).toEqual(refused(next));
        expect(await one(node, fenced(next + 1))).toEqual(accepted(next + 1));
      });

      test("is accepted only from the holder", async () => {
        const [key, token] = [uniqueKey(), tokenOf("me")];
        const propose = (owner: string): LockCommand => ({
          op: "fence",
          keys: [key],
          token: owner,
          fence: 1,
        });
        expect(await one(node, propose(token))).toEqual(missing);
        await one(node, acquire(key, tokenOf("other")));
        expect(await one(node, propose(token))).toEqual(heldBy("other", key));
      });

      test("that was refused is next compared with what it was compared with before, whatever fences others have since", async () => {
        const [base, token] = [uniqueKey(), tokenOf("me")];
        const propose = (keys: readonly string[], fence: number): LockCommand => ({
          op: "fence",
          keys,
          token,
          fence,
        });
        const [fresh, both, other] = [`${base}fresh`, [`${base}x`, `${base}y`], `${base}other`];
        for (const key of [base, fresh, ...both, other]) await one(node, acquire(key, token));
        const top = await highest(base, token);
        expect(await one(node, propose([both[0] as string], top + 10))).toEqual(accepted(top + 10));
        expect(await one(node, propose([fresh], top))).toEqual(refused(top + 10));
        expect(await one(node, propose(both, top))).toEqual(refused(top + 10));
        expect(await one(node, propose([other], top + 100))).toEqual(accepted(top + 100));
        expect(await one(node, propose([fresh], top + 10))).toEqual(refused(top + 10));
        expect(await one(node, propose([fresh], top + 11))).toEqual(accepted(top + 11));
        expect(await one(node, propose(both, top + 11))).toEqual(accepted(top + 11));
        expect(await one(node, propose([both[0] as string], top + 30))).toEqual(accepted(top + 30));
        for (const pair of [both, [...both].reverse()]) {
          expect(await one(node, propose(pair, top + 20))).toEqual(refused(top + 30));
        }
        // A key without a refused proposal is compared with the watermark.
        expect(await one(node, propose([`${base}`], top + 12))).toEqual(accepted(top + 12));
        await one(node, acquire(`${base}z`, token));
        expect(await one(node, propose([`${base}z`], top + 100))).toEqual(refused(top + 100));
      });

      test("moves on with a swap", async () => {
        const [key, from, token] = [uniqueKey(), tokenOf("me"), tokenOf("heir")];
        await one(node, acquire(key, from));
        const fence = (await highest(key, from)) + 1;
        const swap: LockCommand = { op: "swap", keys: [key], from, token, ttl: 10_000, fence };
        expect(await one(node, swap)).toEqual(accepted(fence));
        expect(await one(node, { op: "inspect", keys: [key] })).toMatchObject({
          keys: [{ holder: { owner: "heir" } }],
        });
      });
    });

    describe("a batch", () => {
      test("is answered command by command, in order, and executed in order", async () => {
        const [key, mine, yours] = [uniqueKey(), tokenOf("me"), tokenOf("you")];
        const replies = await run(
          node,
          acquire(key, mine),
          acquire(key, yours),
          { op: "release", keys: [key], token: mine },
          acquire(key, yours),
          { op: "inspect", keys: [key] },
        );
        expect(replies).toEqual([
          granted,
          heldBy("me", key),
          granted,
          granted,
          { kind: "report", keys: [{ key, holder: expect.objectContaining({ owner: "you" }) }] },
        ]);
      });

      test("of many commands goes on when one of them fails", async () => {
        const base = uniqueKey();
        const commands = Array.from({ length: 40 }, (_, index) =>
          acquire(`${base}:${index}`, tokenOf("me"), index === 17 ? 0 : 5_000),
        );
        const replies = await run(node, ...commands);
        expect(replies[17]).toMatchObject({
          kind: "failed",
          reason: "refused",
          message: expect.stringContaining("expire"),
        });
        expect(replies.filter((reply) => reply.kind === "granted")).toHaveLength(39);
      });

      test("may have more commands than fit one call, in one slot and over all slots", async () => {
        const [base, token] = [uniqueKey(), tokenOf("me")];
        const keys = Array.from({ length: 700 }, (_, index) => [
          `${base}:${index}`,
          `many:${base.length}:${token.slice(3)}:${index}`,
        ]).flat();
        const replies = await run(node, ...keys.map((key) => acquire(key, token)));
        expect(replies).toEqual(keys.map(() => granted));
        expect(await run(node, ...keys.map((key) => release(key, token)))).toEqual(replies);
      });

      test("may be empty", async () => {
        expect(await run(node)).toEqual([]);
      });

      test("sent behind another is executed behind it", async () => {
        const [key, token] = [uniqueKey(), tokenOf("me")];
        const replies = await Promise.all([
          one(node, acquire(key, token)),
          one(node, { op: "release", keys: [key], token }),
          one(node, acquire(key, tokenOf("you"))),
        ]);
        expect(replies).toEqual([granted, granted, granted]);
      });
    });

    describe("inspect", () => {
      test("reports every key: its holder, or null", async () => {
        const base = uniqueKey();
        await one(node, acquire(`${base}a`, tokenOf("me"), 60_000));
        const reply = await one(node, { op: "inspect", keys: [`${base}a`, `${base}b`] });
        expect(reply).toEqual({
          kind: "report",
          keys: [
            {
              key: `${base}a`,
              holder: expect.objectContaining({ key: `${base}a`, owner: "me", type: "string" }),
            },
            { key: `${base}b`, holder: null },
          ],
        });
      });

      test("shows the same hash for the same token, and another for another", async () => {
        const [base, token] = [uniqueKey(), tokenOf("me")];
        await one(node, acquire([`${base}a`, `${base}b`], token));
        await one(node, acquire(`${base}c`, tokenOf("me")));
        const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => inspect(base + name)));
        expect(a?.tokenHash).toBe(b?.tokenHash);
        expect(a?.tokenHash).not.toBe(c?.tokenHash);
      });
    });

    test("reports an identity, the same every time", async () => {
      const identity = await runIdOf(node);
      expect(identity).toMatch(/\w+/);
      expect(await runIdOf(node)).toBe(identity);
    });

    test("calls every watcher, except those that unsubscribed", async () => {
      const fresh = await openReady(open);
      const seen: string[] = [];
      const stop = fresh.node.watch(() => seen.push("stopped"));
      fresh.node.watch((connection) => seen.push(connection));
      stop();
      await fresh.node.close();
      await fresh.end();
      expect(seen).not.toContain("stopped");
    });
  });
}
