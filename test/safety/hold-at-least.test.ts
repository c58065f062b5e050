import { describe, expect, it } from "vitest";
import type { Reply } from "../../src/engine/node/lock-node.js";
import { createLocks, InvalidOptionError } from "../../src/index.js";
import { ask } from "../engine/batches.js";
import { granted } from "../engine/scripted-node.js";
import { listen, settle, TestNodes } from "../manager/test-nodes.js";
import { answer, scripted } from "./scripted-locks.js";

const least = 30_000;

/** What each node reports about the resource "a". */
const reports = (testNodes: TestNodes): Promise<Reply[]> =>
  Promise.all(
    testNodes.nodes.map((node) => ask(node, { command: { op: "inspect", keys: ["a"] }, wanted: () => true })),
  );

/** The ms for which each node still keeps the key of "a", 0 if it does not have it. */
const left = async (testNodes: TestNodes): Promise<number[]> =>
  (await reports(testNodes)).map((reply) =>
    reply.kind === "report" ? (reply.keys[0]?.holder?.ttlLeft ?? 0) : -1,
  );

describe("a lock with holdAtLeast", () => {
  it("is kept for the rest of the time after its release, and not longer", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ holdAtLeast: least });
    const lease = await locks.acquire("a");
    await testNodes.clock.advance(12_000);
    expect(await lease.release()).toBe("released");
    expect(await left(testNodes)).toEqual([18_000, 18_000, 18_000]);
    expect(await locks.tryAcquire("a")).toBeNull();
    await testNodes.clock.advance(17_999);
    expect(await testNodes.locks().tryAcquire("a")).toBeNull();
    await testNodes.clock.advance(1);
    expect(await testNodes.locks().tryAcquire("a")).not.toBeNull();
  });

  it("is kept by the nodes without a living process, even if the ttl is shorter", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ ttl: 1_000, renew: false });
    const lease = await locks.acquire("a", { holdAtLeast: least });
    expect(lease.ttl).toBe(least);
    expect(await left(testNodes)).toEqual([least, least, least]);
    expect((await locks.acquire("b")).ttl).toBe(1_000);
  });

  it.each([
    ["released as usual when the time is over", {}, 31_000],
    ["released as usual without the option", { holdAtLeast: 0 }, 1_000],
  ])("is %s", async (_, options, held) => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ holdAtLeast: least });
    const events = listen(locks);
    const lease = await locks.acquire("a", options);
    await testNodes.clock.advance(held);
    await lease.release();
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
    expect(events.find(({ name }) => name === "released")?.event).not.toHaveProperty("keptUntil");
  });

  it("leaves an idle handle and an event that says until when it is kept", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks();
    const handle = locks.handle("a", { holdAtLeast: least });
    const kept: unknown[] = [];
    handle.on("released", ({ keptUntil }) => kept.push(keptUntil));
    await handle.acquire();
    const granted = testNodes.clock.wall();
    await testNodes.clock.advance(5_000);
    expect(await handle.release()).toBe("released");
    expect(handle.state).toBe("idle");
    expect(kept).toEqual([granted + least]);
  });

  it.each([
    ["using", (testNodes: TestNodes) => testNodes.locks().using("a", { holdAtLeast: least }, () => "done")],
    [
      "tryAcquire",
      async (testNodes: TestNodes) =>
        (await testNodes.locks().tryAcquire("a", { holdAtLeast: least }))?.release(),
    ],
    [
      "close",
      async (testNodes: TestNodes) => {
        const locks = testNodes.locks({ holdAtLeast: least });
        await locks.acquire("a");
        await locks.close();
      },
    ],
  ])("is kept after %s", async (_, use) => {
    const testNodes = new TestNodes();
    await testNodes.run(use(testNodes) as Promise<unknown>);
    for (const ms of await left(testNodes)) expect(ms).toBeGreaterThan(least - 100);
  });

  it("is not kept longer because the wall clock is set, and not shorter", async () => {
    for (const by of [-3_600_000, 20_000]) {
      const testNodes = new TestNodes();
      const lease = await testNodes.locks({ holdAtLeast: least }).acquire("a");
      await testNodes.clock.advance(10);
      testNodes.clock.stepWall(by);
      await lease.release();
      expect(await left(testNodes)).toEqual([least - 10, least - 10, least - 10]);
    }
  });

  it("keeps what a lost lease left on the nodes", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ ttl: 60_000, holdAtLeast: least, quarantine: false, onLost: () => {} });
    await locks.acquire("a");
    testNodes.node(0).flush();
    testNodes.node(1).flush();
    await testNodes.clock.advance(29_900);
    const [, , last] = await left(testNodes);
    expect(last).toBe(100);
    await locks.close();
  });

  it("is deleted at once by an attempt that failed", async () => {
    const testNodes = new TestNodes();
    const command = { op: "acquire", keys: ["a"], token: "foreign", ttl: 60_000 } as const;
    for (const node of testNodes.nodes.slice(0, 2)) await ask(node, { command, wanted: () => true });
    expect(await testNodes.locks({ holdAtLeast: least }).tryAcquire("a")).toBeNull();
    await settle();
    expect(await testNodes.holders("a")).toEqual([true, true, false]);
  });

  it("is set again for the rest of the time on a node that lost it, whatever ttl is asked for", async () => {
    const { nodes, locks } = scripted(3, { holdAtLeast: least, renew: false });
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted, granted, granted]);
    const lease = await acquisition;
    void lease.renew(500);
    await settle();
    expect(nodes[0]?.of("renew").at(-1)?.command).toMatchObject({ ttl: least });
  });
});

describe("a release that is delivered later", () => {
  const refused: Reply = { kind: "failed", reason: "overloaded", message: "The queue is full" };

  it("keeps the lock for what is left by then, and deletes it when nothing is left", async () => {
    const { nodes, locks, clock } = scripted(1, { ttl: 60_000, holdAtLeast: 300, nodeTimeout: 100 });
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted]);
    const lease = await acquisition;
    void lease.release();
    await answer(nodes, "release", [refused]);
    await clock.advance(100);
    await answer(nodes, "release", [refused]);
    await clock.advance(200);
    const rests = nodes[0]
      ?.of("release")
      .map(({ command }) => (command.op === "release" ? command.rest : -1));
    expect(rests).toEqual([300, 200, undefined]);
  });
});

describe("a waiter for a lock that is kept after its release", () => {
  it.each([
    ["in the same process", true, undefined],
    ["in another process", false, undefined],
    ["in the same process with a retry policy", true, { delay: 20_000, jitter: 0 }],
  ])("%s is granted it promptly, but not before", async (_, same, retry) => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ holdAtLeast: 5_000 });
    const lease = await locks.acquire("a");
    const start = testNodes.clock.monotonic();
    let grantedAt = 0;
    const options = { holdAtLeast: 0, ...(retry === undefined ? {} : { retry }), wait: 60_000 };
    const waiting = (same ? locks : testNodes.locks()).acquire("a", options).then(() => {
      grantedAt = testNodes.clock.monotonic();
    });
    await testNodes.clock.advance(1_000);
    await lease.release();
    await testNodes.run(waiting);
    expect(grantedAt - start).toBeGreaterThanOrEqual(5_000);
    expect(grantedAt - start).toBeLessThan(5_020);
  });

  it("is told nothing by the nodes before the end", async () => {
    const testNodes = new TestNodes();
    const messages: string[] = [];
    const locks = testNodes.locks();
    const lease = await locks.acquire("a", { holdAtLeast: 5_000 });
    const waiting = testNodes.locks().acquire("a");
    await testNodes.clock.advance(1_000);
    for (const node of testNodes.nodes as readonly { deliver?(channel: string, message: string): number }[]) {
      node.deliver = (channel) => messages.push(channel);
    }
    await lease.release();
    await testNodes.clock.advance(3_900);
    expect(messages).toEqual([]);
    await testNodes.run(waiting);
  });
});

describe("a handover of a lease with holdAtLeast", () => {
  it("carries the rest of it, and gives an adopter that asks for less no less", async () => {
    const testNodes = new TestNodes();
    const lease = await testNodes.locks({ holdAtLeast: least }).acquire("a");
    await testNodes.clock.advance(10_000);
    const note = lease.handover();
    const adopter = testNodes.locks({ holdAtLeast: 300_000, maxHold: 300_000 });
    const adopted = await adopter.adopt(note, { ttl: 1_000, maxHold: 2_000 });
    await testNodes.clock.advance(1_000);
    await adopted.release();
    expect(await left(testNodes)).toEqual([19_000, 19_000, 19_000]);
  });

  it("writes a note of the earlier form when nothing is left", async () => {
    const testNodes = new TestNodes();
    const parts = (note: string) => JSON.parse(Buffer.from(note.split(".")[1] ?? "", "base64url").toString());
    expect(parts((await testNodes.locks().acquire("a")).handover())).toHaveLength(3);
    const lease = await testNodes.locks().acquire("b", { holdAtLeast: least });
    expect(parts(lease.handover())).toEqual([["b"], expect.any(String), least, least]);
  });
});

describe("inspect", () => {
  it("tells until when a released lock is kept, even if a node has not received the release", async () => {
    const testNodes = new TestNodes();
    const locks = testNodes.locks({ holdAtLeast: least, nodeTimeout: 100 });
    const lease = await locks.acquire("a");
    const held = await locks.inspect("a");
    expect(held).not.toHaveProperty("keptUntil");
    const end = testNodes.clock.wall() + least;
    await testNodes.clock.advance(1_000);
    testNodes.node(2).hang();
    await testNodes.run(lease.release());
    testNodes.node(2).wake();
    await settle();
    const kept = await locks.inspect("a");
    expect(kept).toMatchObject({ held: true, keptUntil: end });
    // The holder is still recognised by the same hash.
    expect(kept.holder).toMatchObject({ owner: "me", tokenHash: held.holder?.tokenHash, kept: true });
    await testNodes.clock.advance(least);
    expect(await locks.inspect("a")).toMatchObject({ held: false, holder: null });
  });
});

describe("the option holdAtLeast", () => {
  it.each([-1, Number.NaN, 1.5, Number.POSITIVE_INFINITY, 2 ** 53, "30s", null])("may not be %s", (value) => {
    const testNodes = new TestNodes();
    const holdAtLeast = value as number;
    const allowed = /holdAtLeast must be an integer from 0 to Number.MAX_SAFE_INTEGER, in ms; got/;
    expect(() => testNodes.locks({ holdAtLeast })).toThrow(allowed);
    expect(() => testNodes.locks().handle("a", { holdAtLeast })).toThrow(InvalidOptionError);
  });

  it("may not exceed maxHold, wherever the two are given", async () => {
    const testNodes = new TestNodes();
    const refused = "holdAtLeast must be at most maxHold, which is 20000 ms; got 30000";
    expect(() => testNodes.locks({ holdAtLeast: least, maxHold: 20_000 })).toThrow(refused);
    const locks = testNodes.locks({ holdAtLeast: least });
    await expect(locks.acquire("a", { maxHold: 20_000 })).rejects.toThrow(refused);
    await expect(locks.using("a", { maxHold: 20_000 }, () => 1)).rejects.toThrow(refused);
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
    await (await locks.acquire("a", { holdAtLeast: 20_000, maxHold: 20_000 })).release();
  });

  it("counts as a ttl in what the nodes remember: a node that lost its memory abstains for as long", async () => {
    const testNodes = new TestNodes(3, "assumed");
    const clock = testNodes.clock;
    const locks = createLocks({ nodes: testNodes.nodes, clock, ttl: 1_000, holdAtLeast: least });
    await locks.acquire("a");
    testNodes.node(0).restart();
    await testNodes.clock.advance(10);
    const [abstaining] = (await locks.inspect("a")).nodes;
    expect((abstaining?.quarantine?.until ?? 0) - clock.wall()).toBeGreaterThan(least - 100);
    await locks.close();
  });
});
