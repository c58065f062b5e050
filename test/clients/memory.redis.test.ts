import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LockNode, Reply } from "../../src/engine/node/lock-node.js";
import type { MemoryChange } from "../../src/engine/protocol/memory.js";
import { longLeasesKey } from "../../src/engine/protocol/side-keys.js";
import { createLocks } from "../../src/index.js";
import { acquire, granted, identificationOf, release, tokenOf } from "../contract/subject.js";
import { execute } from "../engine/batches.js";
import { type RedisServer, startServer } from "../support/servers.js";
import { everyClient, withNode } from "./every-client.js";

let server: RedisServer;
beforeEach(async () => {
  // With this option, saved data survives a restart.
  server = await startServer({ args: ["--dbfilename", "dump.rdb"] });
});
afterEach(() => server.stop());

const forgetful = { kind: "failed", reason: "quarantined" } as const;

const voting: Omit<MemoryChange, "marker"> = { abstention: null, longest: 0, watermark: 0 };

/** `abstain`: ms for which the server abstains. */
async function remember(node: LockNode, change: Partial<MemoryChange> & { abstain?: number } = {}) {
  const { memory } = await identificationOf(node);
  const { abstain, ...rest } = change;
  const until = (memory?.now ?? 0) + (abstain ?? 0);
  const abstention = abstain === undefined ? null : { until, least: until, settles: until, settled: true };
  return node.identify("an-id", { ...voting, abstention, marker: memory?.marker ?? "", ...rest });
}

const send = (
  node: LockNode,
  mark: string | null,
  ...commands: Parameters<typeof acquire>[]
): Promise<Reply[]> =>
  execute(
    node,
    commands.map((command) => ({ command: acquire(...command), wanted: () => true })),
    mark,
  );

const me = tokenOf("me");

describe.each(everyClient(() => server.port))("a server's memory, over %s", (_, open) => {
  test("is lost on a new server, and kept once a marker is set", async () => {
    await withNode(open, async (node) => {
      const before = await identificationOf(node);
      expect(String(await server.call("INFO", "server"))).toContain(`run_id:${before.runId}`);
      expect(before.memory).toMatchObject({ state: "lost", mark: "" });
      const { memory } = await remember(node);
      expect(memory).toMatchObject({
        state: "kept",
        mark: `an-id.${before.runId}`,
        longest: 0,
        watermark: 0,
      });
      expect((await identificationOf(node)).memory).toEqual({ ...memory, now: expect.any(Number) });
      expect(await server.call("GET", "holdfast:memory")).toMatch(
        new RegExp(`^an-id\\.${before.runId} 0 [0-9a-f]{40}:0$`),
      );
      expect(await server.call("PTTL", "holdfast:memory")).toBe(-1);
    });
  });

  test("is checked by every batch: with another mark nothing is granted, but everything is released", async () => {
    await withNode(open, async (node) => {
      const { memory } = await remember(node);
      const mark = memory?.mark ?? "";
      expect(await send(node, mark, ["a", me], ["b", me])).toEqual([granted, granted]);
      const other = mark.replace("an-id", "another");
      const asked = [acquire("c", me), release("a", me), acquire("d", me)];
      const replies = await execute(
        node,
        asked.map((command) => ({ command, wanted: () => true })),
        other,
      );
      expect(replies).toEqual([
        expect.objectContaining(forgetful),
        granted,
        expect.objectContaining(forgetful),
      ]);
      expect(await server.call("EXISTS", "a", "b", "c", "d")).toBe(1);
    });
  });

  test("records the longest ttl up to a minute that was ever requested", async () => {
    await withNode(open, async (node) => {
      const mark = (await remember(node)).memory?.mark ?? "";
      for (const ttl of [5_000, 60_000, 9_000]) await send(node, mark, ["a", me, ttl], ["b", me, 10]);
      expect((await identificationOf(node)).memory).toMatchObject({ longest: 60_000, longLeft: 0 });
      expect(await server.call("EXISTS", longLeasesKey)).toBe(0);
    });
  });

  test("records the ttl of a renewal like that of an acquisition", async () => {
    await withNode(open, async (node) => {
      const mark = (await remember(node)).memory?.mark ?? "";
      expect(await send(node, mark, ["a", me, 1_000])).toEqual([granted]);
      for (const op of ["renew", "heal"] as const) {
        const ttl = op === "renew" ? 30_000 : 40_000;
        const command = { op, keys: ["a"], token: me, ttl };
        expect(await execute(node, [{ command, wanted: () => true }], mark)).toEqual([granted]);
        expect((await identificationOf(node)).memory?.longest).toBe(ttl);
      }
    });
  });

  test.each([
    ["a FLUSHALL", async () => void (await server.call("FLUSHALL"))],
    ["the eviction of its marker", async () => void (await server.call("DEL", "holdfast:memory"))],
    [
      "a restart with an old snapshot",
      async () => {
        await server.call("SAVE");
        await server.kill();
        await server.restart();
      },
    ],
    [
      "a restart without any",
      async () => {
        await server.kill();
        await server.restart();
      },
    ],
  ])("is lost by %s, and a batch with the old mark is granted nothing", async (_what, lose) => {
    let mark = "";
    await withNode(open, async (node) => {
      mark = (await remember(node)).memory?.mark ?? "";
      expect(await send(node, mark, ["a", me, 60_000])).toEqual([granted]);
      await lose();
    });
    await withNode(open, async (node) => {
      expect(await send(node, mark, ["b", me])).toEqual([expect.objectContaining(forgetful)]);
      expect(await server.call("EXISTS", "b")).toBe(0);
      expect((await identificationOf(node)).memory).toMatchObject({ state: "lost" });
    });
  });

  test("changes only from the marker that was read, and accepts a higher watermark", async () => {
    await withNode(open, async (node) => {
      const { memory } = await remember(node, { watermark: 2 ** 53 - 1 });
      expect(memory?.watermark).toBe(2 ** 53 - 1);
      const late = await node.identify("late", { ...voting, marker: "", watermark: 2 ** 53 - 1 });
      expect(late.memory).toEqual({ ...memory, now: expect.any(Number) });
      const lower = await remember(node, { watermark: 7 });
      expect(lower.memory?.watermark).toBe(2 ** 53 - 1);
    });
  });

  test.each([
    ["in the same life", async () => void (await server.call("FLUSHALL"))],
    [
      "by a restart with an old snapshot",
      async () => {
        await server.kill();
        await server.restart();
      },
    ],
  ])("does not apply a decision about one loss to the next, %s", async (_what, lose) => {
    let first = "";
    let abstaining = "";
    await withNode(open, async (node) => {
      first = (await identificationOf(node)).memory?.marker ?? "";
      abstaining = (await remember(node, { abstain: 1 })).memory?.marker ?? "";
      await server.call("SAVE");
    });
    await lose();
    await withNode(open, async (node) => {
      for (const marker of [first, abstaining, ""]) {
        const late = await node.identify("late", { ...voting, marker });
        expect(late.memory, marker).toMatchObject({ state: "lost" });
      }
      expect((await remember(node)).memory).toMatchObject({ state: "kept" });
    });
  });

  test("makes the server abstain, timed by the server's clock", async () => {
    await withNode(open, async (node) => {
      const { memory } = await remember(node, { abstain: 300, longest: 7_000 });
      expect(memory).toMatchObject({ state: "abstaining", longest: 7_000 });
      expect(memory?.left).toBeGreaterThan(0);
      expect(memory?.left).toBeLessThanOrEqual(300);
      expect(await send(node, memory?.mark ?? "", ["a", me])).toEqual([expect.objectContaining(forgetful)]);
      // The end of its time does not make it vote: the process that lets it vote knows the fences of the others.
      await expect.poll(async () => (await identificationOf(node)).memory?.left).toBe(0);
      expect(await send(node, memory?.mark ?? "", ["a", me])).toEqual([expect.objectContaining(forgetful)]);
      const after = await remember(node, { longest: 7_000 });
      expect(after.memory).toMatchObject({ state: "kept", longest: 7_000 });
      expect(await send(node, after.memory?.mark ?? "", ["a", me])).toEqual([granted]);
    });
  });

  test("is lost with its watermark: no fence is accepted from then on", async () => {
    await withNode(open, async (node) => {
      const mark = (await remember(node)).memory?.mark ?? "";
      const fenced = { ...acquire("a", me), fence: 7 };
      const propose = () => execute(node, [{ command: fenced, wanted: () => true }], mark);
      expect(await propose()).toEqual([{ kind: "granted", fence: { accepted: true, highest: 7 } }]);
      await server.call("DEL", "holdfast:watermark", "holdfast:fence:a", "a");
      expect(await propose()).toEqual([expect.objectContaining(forgetful)]);
      expect((await identificationOf(node)).memory).toMatchObject({ state: "lost" });
    });
  });

  test("grants nothing for longer than it can remember", async () => {
    await withNode(open, async (node) => {
      const mark = (await remember(node, { longest: 1_000 })).memory?.mark ?? "";
      await server.call("CONFIG", "SET", "maxmemory", 1);
      const [reply] = await send(node, mark, ["a", me, 5_000]);
      expect(reply).toMatchObject({ kind: "failed", reason: "refused" });
      await server.call("CONFIG", "SET", "maxmemory", 0);
      expect(await server.call("EXISTS", "a")).toBe(0);
    });
  });
});

const user = { name: "app", password: "secret" };

describe.each(everyClient(() => server.port, user))("a server that hides its run id, over %s", (_, open) => {
  const permit = (...rules: string[]) =>
    server.call("ACL", "SETUSER", user.name, "on", `>${user.password}`, "+@all", "-info", ...rules);

  test("is identified by the id that the first process stored", async () => {
    await permit("~*", "&*");
    await withNode(open, async (one) => {
      await withNode(open, async (other) => {
        expect(await identificationOf(one)).toMatchObject({
          runId: null,
          id: null,
          memory: { state: "lost" },
        });
        const { id, memory } = await remember(one);
        expect([id, memory?.mark]).toEqual(["an-id", "an-id."]);
        expect(await identificationOf(other)).toMatchObject({
          runId: null,
          id: "an-id",
          memory: { state: "kept" },
        });
        expect(await send(other, "an-id.", ["a", me])).toEqual([granted]);
        const locks = createLocks({ nodes: [one, other] });
        await expect(locks.acquire("b")).rejects.toMatchObject({ code: "DUPLICATE_NODE" });
        await locks.close();
      });
    });
  });

  test("and permits no keys beside the locks, votes without a memory", async () => {
    await permit("~lock:*", "&*");
    await withNode(open, async (node) => {
      expect(await identificationOf(node)).toEqual({ runId: null, id: null, memory: null });
      expect(await send(node, null, ["lock:a", me])).toEqual([granted]);
      await server.call("ACL", "SETUSER", user.name, "+info");
      expect(await identificationOf(node)).toMatchObject({
        runId: expect.stringMatching(/^\w{40}$/),
        memory: null,
      });
    });
  });
});
