import { describe, expect, it } from "vitest";
import { createLocks, type LocksOptions } from "../../src/index.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { granted, type ScriptedNode } from "../engine/scripted-node.js";
import { answer, caught, scripted, settle } from "../safety/scripted-locks.js";
import { TestNodes } from "./test-nodes.js";

const grouped = (size: number, options: Partial<LocksOptions> = {}) =>
  scripted(size, { grouping: true, ttl: 60_000, nodeTimeout: 100, ...options });

/** The commands of each batch, as "op key". */
const batchesOf = (node: ScriptedNode | undefined) =>
  (node?.batches ?? []).map((batch) => batch.map(({ command }) => `${command.op} ${command.keys.join()}`));

/** Acquires leases of these resources and then clears the recorded arrivals and batches. */
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

describe("the requests to a node in one tick", () => {
  it("are sent to each node as one batch, in the order of the requests", async () => {
    const setup = grouped(3);
    const [b] = await leasesOf(setup, "b");
    void setup.locks.acquire("a").catch(() => {});
    void b?.release();
    void setup.locks.acquire("b").catch(() => {});
    void setup.locks.acquire(["c", "d"]).catch(() => {});
    void setup.locks.inspect("b");
    await settle();
    const asked = ["acquire a", "release b", "acquire b", "acquire c,d", "inspect b"];
    for (const node of setup.nodes) expect(batchesOf(node)).toEqual([asked]);
  });

  it("include the requests of promise jobs, and no request of the next tick", async () => {
    const setup = grouped(1);
    await leasesOf(setup, "x");
    void setup.locks.acquire("a").catch(() => {});
    for (let step = 0; step < 10; step++) await undefined;
    void setup.locks.acquire("b").catch(() => {});
    await settle();
    void setup.locks.acquire("c").catch(() => {});
    await settle();
    expect(batchesOf(setup.nodes[0])).toEqual([["acquire a", "acquire b"], ["acquire c"]]);
  });

  it("include the first acquisitions of a manager, which wait until the nodes are identified", async () => {
    const { locks, nodes } = grouped(3);
    for (let index = 0; index < 100; index++) void locks.acquire(`r${index}`).catch(() => {});
    await settle();
    for (const node of nodes) expect(node.batches.map(({ length }) => length)).toEqual([100]);
  });

  it("are sent individually and at once when grouping is off", async () => {
    const setup = grouped(1, { grouping: false });
    const [b] = await leasesOf(setup, "b");
    void setup.locks.acquire("a").catch(() => {});
    void b?.release();
    // The test has awaited nothing.
    expect(batchesOf(setup.nodes[0])).toEqual([["acquire a"], ["release b"]]);
  });

  it("leave out a command that is aborted before the end of the tick, and its release", async () => {
    const setup = grouped(3);
    await leasesOf(setup, "x");
    const controller = new AbortController();
    const given = caught(setup.locks.acquire("a", { signal: controller.signal }));
    void setup.locks.acquire("b").catch(() => {});
    controller.abort(new Error("enough"));
    expect(await given).toMatchObject({ message: "enough" });
    await settle();
    for (const node of setup.nodes) expect(batchesOf(node)).toEqual([["acquire b"]]);
  });

  it("are not sent to a node that went down before the end of the tick, but its releases stay pending", async () => {
    const setup = grouped(3);
    const [a] = await leasesOf(setup, "a");
    void a?.release();
    const acquisition = caught(setup.locks.acquire("b"));
    setup.nodes[0]?.change("down", new Error("gone"));
    await answer(setup.nodes.slice(1), "acquire", [
      granted,
      { kind: "failed", reason: "refused", message: "no" },
    ]);
    expect(String(await acquisition)).toContain("node-0: gone");
    expect(batchesOf(setup.nodes[0])).toEqual([]);
    setup.nodes[0]?.change("ready");
    await settle();
    expect(batchesOf(setup.nodes[0])).toEqual([["release a"]]);
  });

  it("are answered individually: each caller gets the result of its own command only", async () => {
    const setup = grouped(1);
    await leasesOf(setup, "x");
    const outcomes = ["a", "b", "c"].map((resource) =>
      setup.locks.acquire(resource).then(
        () => "granted",
        (error: unknown) => (error as { code: string }).code,
      ),
    );
    await settle();
    const [a, b, c] = setup.nodes[0]?.batches[0] ?? [];
    b?.answer({ kind: "failed", reason: "refused", message: "WRONG" });
    c?.answer(granted);
    expect(await Promise.all(outcomes.slice(1))).toEqual(["QUORUM_UNAVAILABLE", "granted"]);
    a?.answer(granted);
    expect(await outcomes[0]).toBe("granted");
  });
});

describe("a release is never held back: it is sent in the tick of its request", () => {
  const released = (node: ScriptedNode | undefined) =>
    node?.of("release").map(({ command }) => command.keys[0]);

  it("when the node has the maximum number of unanswered requests", async () => {
    const setup = grouped(1, { wait: 0 });
    const [a] = await leasesOf(setup, "a");
    for (let index = 0; index < 10_000; index++) void setup.locks.tryAcquire(`r${index}`).catch(() => {});
    await settle();
    expect(String(await caught(setup.locks.acquire("one more")))).toContain("10000 requests are unanswered");
    void a?.release();
    await settle();
    expect(released(setup.nodes[0])).toEqual(["a"]);
  });

  it("when the maximum number of requests waits for the same tick", async () => {
    const setup = grouped(1, { wait: 0 });
    const [a] = await leasesOf(setup, "a");
    for (let index = 0; index < 10_000; index++) void setup.locks.tryAcquire(`r${index}`).catch(() => {});
    const late = caught(setup.locks.acquire("one more"));
    void a?.release();
    expect(String(await late)).toContain("10000 requests are unanswered");
    await settle();
    expect(released(setup.nodes[0])).toEqual(["a"]);
    expect(setup.nodes[0]?.batches.length).toBe(1);
  });

  it("when the node is unresponsive and is asked nothing else", async () => {
    const setup = grouped(1);
    const [a] = await leasesOf(setup, "a");
    for (const node of setup.nodes) node.mute = true;
    for (let attempt = 0; attempt < 4; attempt++) {
      const acquisition = caught(setup.locks.acquire("b"));
      await settle();
      await setup.clock.advance(100);
      await acquisition;
    }
    expect(String(await caught(setup.locks.acquire("b")))).toContain("not asked");
    const before = released(setup.nodes[0])?.length ?? 0;
    void a?.release();
    await settle();
    expect(released(setup.nodes[0])?.slice(before)).toEqual(["a"]);
  });

  it("when the manager closes in the same tick", async () => {
    const setup = grouped(3);
    const [a] = await leasesOf(setup, "a");
    void a?.release();
    void setup.locks.close();
    await settle();
    for (const node of setup.nodes) expect(released(node)).toEqual(["a"]);
  });
});

describe("the execution of a batch", () => {
  it("grants a key that is released and then requested in the same tick", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ grouping: true });
    const lease = await locks.acquire("a");
    const [outcome, next] = await Promise.all([lease.release(), locks.tryAcquire("a")]);
    expect(outcome).toBe("released");
    expect(next?.remaining()).toBeGreaterThan(0);
    expect(await testNodes.holders("a")).toEqual([true, true, true]);
  });

  it("denies a key that is requested before it is released in the same tick", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ grouping: true });
    const lease = await locks.acquire("a");
    const [next, outcome] = await Promise.all([locks.tryAcquire("a"), lease.release()]);
    expect([next, outcome]).toEqual([null, "released"]);
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
  });
});

describe("the option grouping", () => {
  it.each([0, 1, "yes", null, {}])("is rejected with the value %j", (grouping) => {
    const options = { nodes: new TestNodes(1).nodes, clock: new VirtualClock(), grouping };
    expect(() => createLocks(options as unknown as LocksOptions)).toThrow(
      /^grouping must be true or false; got /,
    );
  });
});
