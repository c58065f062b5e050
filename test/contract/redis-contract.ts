import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { LockNode } from "../../src/engine/node/lock-node.js";
import { type LockCommand, placeTtl } from "../../src/engine/protocol/command.js";
import { sideKeysOf } from "../../src/engine/protocol/side-keys.js";
import { execute } from "../engine/batches.js";
import { newProcess, queuedAcquire, queuedRelease } from "./queue-contract.js";
import type { ServerView } from "./server-view.js";
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
  request,
  run,
  runIdOf,
  type Subject,
  tokenOf,
  ttlOf,
  uniqueKey,
} from "./subject.js";

/**
 * The contract of a node over Redis, checked directly on its server. No other test may use the server: its scripts are
 * flushed. `sendsTwice` is false for a client without EVALSHA, which sends the whole script every time.
 */
export function describeRedisContract(
  name: string,
  open: Open,
  openView: () => ServerView,
  { sendsTwice = true } = {},
): void {
  describe(`${name}, seen from the server`, () => {
    let subject: Subject;
    let node: LockNode;
    let server: ServerView;

    beforeAll(async () => {
      server = openView();
      subject = await openReady(open);
      node = subject.node;
    });
    afterAll(async () => {
      await node.close();
      await subject.end();
      server.close();
    });

    describe("the stored form", () => {
      test("is a string key that holds the token and expires with the ttl", async () => {
        const [key, token] = [uniqueKey(), tokenOf("me")];
        await one(node, acquire(key, token, 60_000));
        expect(await server.get(key)).toBe(token);
        expect(await server.pttl(key)).toBeGreaterThan(50_000);
        expect(await server.pttl(key)).toBeLessThanOrEqual(60_000);
      });

      test("excludes another program's SET NX PX", async () => {
        const [key, token] = [uniqueKey(), tokenOf("me")];
        await one(node, acquire(key, token));
        expect(await server.set(key, "other", "NX", "PX", 1_000)).toBeNull();
        await one(node, release(key, token));
        expect(await server.set(key, "other", "NX", "PX", 1_000)).toBe("OK");
      });

      test("of another program excludes us, and only the hash of its token is reported", async () => {
        const key = uniqueKey();
        await server.set(key, "foreign-secret~with-label", "NX", "PX", 60_000);
        const reply = await one(node, acquire(key, tokenOf("me")));
        expect(reply).toEqual(heldBy(null, key));
        expect(ttlOf(reply)).toBeGreaterThan(50_000);
        expect(JSON.stringify(reply)).not.toMatch(/foreign|secret|label/);
        expect(await server.get(key)).toBe("foreign-secret~with-label");
      });

      test("without an expiry is held forever", async () => {
        const key = uniqueKey();
        await server.set(key, "forever");
        const reply = await one(node, acquire(key, tokenOf("me")));
        expect(reply).toEqual(heldBy(null, key));
        expect(ttlOf(reply)).toBeNull();
      });

      test("with an expiry beyond the safe integers is held", async () => {
        const key = uniqueKey();
        await server.set(key, "for ages", "PX", "4000000000000000000");
        expect(ttlOf(await one(node, acquire(key, tokenOf("me"))))).toBe(Number.MAX_SAFE_INTEGER);
      });

      test("is compared byte by byte, also when it is not text", async () => {
        const key = uniqueKey();
        await server.set(key, "\u0000~\u0000", "PX", 60_000);
        expect(await one(node, acquire(key, tokenOf("me")))).toEqual(heldBy(null, key));
      });
    });

    test("a key of another type is denied by every command, and not changed", async () => {
      const [key, token] = [uniqueKey(), tokenOf("me")];
      await server.makeList(key);
      const holder = { key, owner: null, tokenHash: "", ttlLeft: null, type: "list" };
      const denied = { kind: "denied", holder };
      expect(await one(node, acquire(key, token))).toEqual(denied);
      expect(await one(node, acquire([key, `${key}b`], token))).toEqual(denied);
      expect(await one(node, { op: "renew", keys: [key], token, ttl: 1_000 })).toEqual(denied);
      expect(await one(node, { op: "heal", keys: [key], token, ttl: 1_000 })).toEqual(denied);
      expect(await one(node, { op: "swap", keys: [key], from: token, token, ttl: 1_000 })).toEqual(denied);
      expect(await one(node, release(key, token))).toEqual(denied);
      expect(await holderOf(node, key)).toEqual(holder);
      expect(await server.type(key)).toBe("list");
    });

    describe("a queue", () => {
      const queueOf = (key: string) => sideKeysOf(node.sharded, () => node.keyspace?.prefix ?? "").queue(key);

      test("is a sorted set beside the lock's key, which expires by itself", async () => {
        const [key, { place }] = [uniqueKey(), newProcess()];
        await one(node, acquire(key, tokenOf("holder")));
        await one(node, queuedAcquire(key, place("a", 1)));
        expect(await server.type(queueOf(key))).toBe("zset");
        expect(await server.pttl(queueOf(key))).toBeGreaterThan(0);
        expect(await server.pttl(queueOf(key))).toBeLessThanOrEqual(placeTtl);
      });

      test("of another type is ignored, costs no vote, and is not changed", async () => {
        const [key, token, { place }] = [uniqueKey(), tokenOf("holder"), newProcess()];
        await server.makeList(queueOf(key));
        const [denied, id] = [heldBy("holder", key), place("a", 1).id];
        const steps: [LockCommand, unknown][] = [
          [queuedAcquire(key, place("a", 1), { token }), granted],
          [queuedAcquire(key, null, { token, barge: true }), granted],
          [queuedAcquire(key, place("a", 1)), denied],
          [queuedAcquire(key, null), denied],
          [queuedAcquire(key, place("a", 1), { barge: true }), denied],
          [queuedRelease(key, tokenOf("me"), id, false), denied],
          [queuedRelease(key, token, id, true), granted],
          [queuedRelease(key, token, id, false), missing],
          [queuedRelease(key, token, null, true), missing],
          [queuedAcquire(key, null, { token, barge: true }), granted],
          [queuedRelease(key, token, null, false), granted],
        ];
        expect(await run(node, ...steps.map(([command]) => command))).toEqual(
          steps.map(([, reply]) => reply),
        );
        expect(await server.type(queueOf(key))).toBe("list");
      });
    });

    test("reports the run id of the server, or of one of the servers", async () => {
      expect(await server.runIds()).toContain(await runIdOf(node));
    });

    describe("a server that has lost its scripts", () => {
      test("receives them again", async () => {
        await server.forgetScripts();
        const key = uniqueKey();
        expect(await one(node, acquire(key, tokenOf("me")))).toEqual(granted);
        expect(await holderOf(node, key)).toMatchObject({ owner: "me" });
      });

      test("executes commands in order", async () => {
        await server.forgetScripts();
        const [key, mine, yours] = [uniqueKey(), tokenOf("me"), tokenOf("you")];
        const replies = await Promise.all([
          one(node, acquire(key, mine)),
          one(node, acquire(key, yours)),
          one(node, release(key, mine)),
          one(node, acquire(key, yours)),
        ]);
        expect(replies).toEqual([granted, heldBy("me", key), granted, granted]);
      });

      test("receives no command that was withdrawn meanwhile, but every release", async () => {
        const [key, token] = [uniqueKey(), tokenOf("me")];
        await one(node, acquire(`${key}b`, token));
        await server.forgetScripts();
        let wanted = true;
        const isWanted = () => wanted;
        const answer = execute(node, [
          request(acquire(key, token), isWanted),
          request({ op: "inspect", keys: [key] }),
          request(release(`${key}b`, token), isWanted),
        ]);
        wanted = false;
        const gaveUp = { kind: "failed", reason: "notAsked", message: "given up before it was sent" };
        const [first, second, third] = await answer;
        expect(first).toEqual(sendsTwice ? gaveUp : granted);
        expect(await server.get(key)).toBe(sendsTwice ? null : token);
        expect(second).toMatchObject({ kind: "report" });
        expect(third).toEqual(granted);
        expect(await server.get(`${key}b`)).toBeNull();
      });
    });
  });
}

/** How a node watches, opens and loses its connection. */
export function describeConnectionContract(name: string, open: Open): void {
  describe(`${name}, its connection`, () => {
    test("is opened on request; until then votes fail at once and nothing is queued", async () => {
      const { node, end } = await open();
      const key = uniqueKey();
      expect(node.connection).toBe("connecting");
      const reply = await one(node, acquire(key, tokenOf("me")));
      expect(reply).toMatchObject({ kind: "failed", reason: "notReady" });
      const ready = new Promise<void>((resolve) => {
        node.watch((connection) => connection === "ready" && resolve());
      });
      node.connect();
      node.connect();
      await ready;
      expect(await holderOf(node, key)).toBeNull();
      await node.close();
      await end();
    });

    test("is down when it was closed, and votes fail at once", async () => {
      const { node, end } = await openReady(open);
      const seen: string[] = [];
      const down = new Promise<void>((resolve) => {
        node.watch((connection) => {
          seen.push(connection);
          if (connection === "down") resolve();
        });
      });
      await end();
      if (node.name.startsWith("redis:")) await node.close();
      else await down;
      expect(node.connection).toBe("down");
      expect(seen).not.toContain("connecting");
      const reply = await one(node, acquire(uniqueKey(), tokenOf("me")));
      expect(reply).toMatchObject({ kind: "failed", reason: "notReady" });
      await node.close();
    });

    test("can be identified only while it is connected", async () => {
      const { node, end } = await open();
      await expect(runIdOf(node)).rejects.toThrow("not connected");
      await end();
      await node.close();
    });
  });
}
