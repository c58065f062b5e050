import { describe, expect, it } from "vitest";
import { createLocks, type LocksOptions } from "../../src/index.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { granted, type ScriptedNode } from "../engine/scripted-node.js";
import { answer, caught, scripted, settle } from "../safety/scripted-locks.js";
import { TestNodes } from "./test-nodes.js";

const grouped = (size: number, options: Partial<LocksOptions> = {}) =>
  scripted(size, { grouping: true, ttl: 60_000, nodeTimeout: 100, ...options });

/** What each batch carried, a list of "op key" a batch. */
const batchesOf = (node: ScriptedNode | undefined) =>
  (node?.batches ?? []).map((batch) => batch.map(({ command }) => `${command.op} ${command.keys.join()}`));

/** Leases of these, with all nodes met; what the nodes were asked for that is forgotten. */
async function leasesOf({ locks, nodes }: ReturnType<typeof scripted>, ...resources: string[]) {
  const leases = [];
  for (const resource of resources) {
    const acquisition = locks.acquire(resource);
    await answer(
      nodes,
      "acquire",
      nodes.map(() => granted),
    );
    leases.push(await acquisition);
  }
  for (const node of nodes) node.arrivals.length = node.batches.length = 0;
  return leases;
}

describe("what is asked of a node in one turn", () => {
  it("travels as one batch to each node, in the order in which it was asked", async () => {
    const testNodes = grouped(3);
    const [b] = await leasesOf(testNodes, "b");
    void testNodes.locks.acquire("a").catch(() => {});
    void b?.release();
    void testNodes.locks.acquire("b").catch(() => {});
    void testNodes.locks.acquire(["c", "d"]).catch(() => {});
    void testNodes.locks.inspect("b");
    await settle();
    const asked = ["acquire a", "release b", "acquire b", "acquire c,d", "inspect b"];
    for (const node of testNodes.nodes) expect(batchesOf(node)).toEqual([asked]);
  });

  it("is all that its promises still ask for, and nothing of the next turn", async () => {
    const testNodes = grouped(1);
    await leasesOf(testNodes, "x");
    void testNodes.locks.acquire("a").catch(() => {});
    for (let step = 0; step < 10; step++) await undefined;
    void testNodes.locks.acquire("b").catch(() => {});
    await settle();
    void testNodes.locks.acquire("c").catch(() => {});
    await settle();
    expect(batchesOf(testNodes.nodes[0])).toEqual([["acquire a", "acquire b"], ["acquire c"]]);
  });

  it("counts the first acquisitions of a manager, which wait until the nodes have been met", async () => {
    const { locks, nodes } = grouped(3);
    for (let index = 0; index < 100; index++) void locks.acquire(`r${index}`).catch(() => {});
    await settle();
    for (const node of nodes) expect(node.batches.map(({ length }) => length)).toEqual([100]);
  });

  it("goes command by command and at once where grouping is off", async () => {
    const testNodes = grouped(1, { grouping: false });
    const [b] = await leasesOf(testNodes, "b");
    void testNodes.locks.acquire("a").catch(() => {});
    void b?.release();
    // Nothing was awaited.
    expect(batchesOf(testNodes.nodes[0])).toEqual([["acquire a"], ["release b"]]);
  });

  it("leaves out what is given up before the turn is over: nothing is sent, and nothing is released for it", async () => {
    const testNodes = grouped(3);
    await leasesOf(testNodes, "x");
    const controller = new AbortController();
    const given = caught(testNodes.locks.acquire("a", { signal: controller.signal }));
    void testNodes.locks.acquire("b").catch(() => {});
    controller.abort(new Error("enough"));
    expect(await given).toMatchObject({ message: "enough" });
    await settle();
    for (const node of testNodes.nodes) expect(batchesOf(node)).toEqual([["acquire b"]]);
  });

  it("is not sent at all to a node that went down before the turn was over, and is owed to it where it releases", async () => {
    const testNodes = grouped(3);
    const [a] = await leasesOf(testNodes, "a");
    void a?.release();
    const acquisition = caught(testNodes.locks.acquire("b"));
    testNodes.nodes[0]?.change("down", new Error("gone"));
    await answer(testNodes.nodes.slice(1), "acquire", [
      granted,
      { kind: "failed", reason: "refused", message: "no" },
    ]);
    expect(String(await acquisition)).toContain("node-0: gone");
    expect(batchesOf(testNodes.nodes[0])).toEqual([]);
    testNodes.nodes[0]?.change("ready");
    await settle();
    expect(batchesOf(testNodes.nodes[0])).toEqual([["release a"]]);
  });

  it("is answered one by one: each caller hears of its own command only", async () => {
    const testNodes = grouped(1);
    await leasesOf(testNodes, "x");
    const outcomes = ["a", "b", "c"].map((resource) =>
      testNodes.locks.acquire(resource).then(
        () => "granted",
        (error: unknown) => (error as { code: string }).code,
      ),
    );
    await settle();
    const [a, b, c] = testNodes.nodes[0]?.batches[0] ?? [];
    b?.answer({ kind: "failed", reason: "refused", message: "WRONG" });
    c?.answer(granted);
    expect(await Promise.all(outcomes.slice(1))).toEqual(["QUORUM_UNAVAILABLE", "granted"]);
    a?.answer(granted);
    expect(await outcomes[0]).toBe("granted");
  });
});

describe("a release is never held back: it leaves with the turn in which it was asked", () => {
  const released = (node: ScriptedNode | undefined) =>
    node?.of("release").map(({ command }) => command.keys[0]);

  it("where the node owes as many answers as it may", async () => {
    const testNodes = grouped(1, { wait: 0 });
    const [a] = await leasesOf(testNodes, "a");
    for (let index = 0; index < 10_000; index++) void testNodes.locks.tryAcquire(`r${index}`).catch(() => {});
    await settle();
    expect(String(await caught(testNodes.locks.acquire("one more")))).toContain(
      "10000 requests are unanswered",
    );
    void a?.release();
    await settle();
    expect(released(testNodes.nodes[0])).toEqual(["a"]);
  });

  it("where as many are waiting for the same turn", async () => {
    const testNodes = grouped(1, { wait: 0 });
    const [a] = await leasesOf(testNodes, "a");
    for (let index = 0; index < 10_000; index++) void testNodes.locks.tryAcquire(`r${index}`).catch(() => {});
    const late = caught(testNodes.locks.acquire("one more"));
    void a?.release();
    expect(String(await late)).toContain("10000 requests are unanswered");
    await settle();
    expect(released(testNodes.nodes[0])).toEqual(["a"]);
    expect(testNodes.nodes[0]?.batches.length).toBe(1);
  });

  it("where the node has been silent for so long that it is asked nothing else", async () => {
    const testNodes = grouped(1);
    const [a] = await leasesOf(testNodes, "a");
    for (const node of testNodes.nodes) node.mute = true;
    for (let attempt = 0; attempt < 4; attempt++) {
      const acquisition = caught(testNodes.locks.acquire("b"));
      await settle();
      await testNodes.clock.advance(100);
      await acquisition;
    }
    expect(String(await caught(testNodes.locks.acquire("b")))).toContain("not asked");
    const before = released(testNodes.nodes[0])?.length ?? 0;
    void a?.release();
    await settle();
    expect(released(testNodes.nodes[0])?.slice(before)).toEqual(["a"]);
  });

  it("where the manager closes in the same turn", async () => {
    const testNodes = grouped(3);
    const [a] = await leasesOf(testNodes, "a");
    void a?.release();
    void testNodes.locks.close();
    await settle();
    for (const node of testNodes.nodes) expect(released(node)).toEqual(["a"]);
  });
});

describe("a batch as the nodes execute it", () => {
  it("gives a key that is released and asked for in one turn to who asks for it", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ grouping: true });
    const lease = await locks.acquire("a");
    const [outcome, next] = await Promise.all([lease.release(), locks.tryAcquire("a")]);
    expect(outcome).toBe("released");
    expect(next?.remaining()).toBeGreaterThan(0);
    expect(await testNodes.holders("a")).toEqual([true, true, true]);
  });

  it("does not, in the other order", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ grouping: true });
    const lease = await locks.acquire("a");
    const [next, outcome] = await Promise.all([locks.tryAcquire("a"), lease.release()]);
    expect([next, outcome]).toEqual([null, "released"]);
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
  });
});

describe("the option grouping", () => {
  it.each([0, 1, "yes", null, {}])("is refused where it is %j", (grouping) => {
    const options = { nodes: new TestNodes(1).nodes, clock: new VirtualClock(), grouping };
    expect(() => createLocks(options as unknown as LocksOptions)).toThrow(
      /^grouping must be true or false; got /,
    );
  });
});
