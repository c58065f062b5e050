import { describe, expect, it } from "vitest";
import { granted, refused } from "../engine/scripted-node.js";
import { answer, caught, scripted } from "../safety/scripted-locks.js";
import { listen, settle, TestNodes } from "./test-nodes.js";

const names = (events: { name: string }[]) =>
  events.map(({ name }) => name).filter((name) => /^node/.test(name));

describe("the node events", () => {
  it("report a hung minority, although no vote waits for it", async () => {
    const testNodes = new TestNodes(3);
    const locks = testNodes.locks({ nodeTimeout: 200 });
    const events = listen(locks);
    testNodes.node(0).hang();
    for (let round = 0; round < 20; round++) {
      const lease = await testNodes.run(locks.acquire("a"));
      await lease.release();
      await testNodes.clock.advance(50);
    }
    expect(events.filter(({ name }) => name === "nodeDown").map(({ event }) => event)).toMatchObject([
      { node: "node-0", cause: "does not answer" },
    ]);
    testNodes.node(0).wake();
    await settle();
    expect(names(events)).toEqual(["nodeDown", "nodeUp"]);
  });

  it("report a node as down after the third missed reply, not after the first", async () => {
    const { locks, clock, events, nodes } = scripted(1, { nodeTimeout: 100 });
    await locks.ready();
    for (const node of nodes) node.mute = true;
    for (let round = 1; round <= 3; round++) {
      const acquisition = caught(locks.acquire("a"));
      await settle();
      await clock.advance(100);
      await acquisition;
      expect(names(events).length, `round ${round}`).toBe(round === 3 ? 1 : 0);
    }
    expect(nodes[0]?.of("acquire").length).toBe(3);
  });

  it("do not treat a lost request as a reply", async () => {
    const { locks, clock, events, nodes } = scripted(1, { nodeTimeout: 100 });
    await locks.ready();
    for (const node of nodes) node.mute = true;
    for (let round = 1; round <= 3; round++) {
      const acquisition = caught(locks.acquire("a"));
      await settle();
      await clock.advance(100);
      await acquisition;
    }
    for (const arrival of nodes[0]?.arrivals ?? []) {
      arrival.answer({ kind: "failed", reason: "connection", message: "gone" });
    }
    await settle();
    expect(names(events)).toEqual(["nodeDown"]);
  });

  it("distinguish nodes with the same name", async () => {
    const { locks, nodes } = scripted(1);
    void locks;
    const [node] = nodes;
    const twin = scripted(1).nodes[0];
    if (node === undefined || twin === undefined) throw new Error("no nodes");
    twin.identity = "another";
    const both = scripted(2, { nodes: [node, twin] });
    const acquisition = caught(both.locks.acquire("a"));
    await answer([node, twin], "acquire", [refused, granted]);
    await acquisition;
    const failing = caught(both.locks.acquire("a"));
    await answer([node, twin], "acquire", [granted, refused]);
    expect(String(await failing)).toContain("node-0 (2): ERR no");
  });
});

describe("the first acquisition", () => {
  it("waits for a quorum and a short time, not for a node that hangs", async () => {
    const testNodes = new TestNodes(5);
    testNodes.node(4).hang();
    const since = testNodes.clock.monotonic();
    const lease = await testNodes.run(testNodes.locks({ nodeTimeout: 2_000 }).acquire("a"));
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(testNodes.clock.monotonic() - since).toBeLessThanOrEqual(105);
  });

  it("names only the unidentified nodes when the wait ends before a node was asked", async () => {
    const testNodes = new TestNodes(3);
    testNodes.node(1).hang();
    testNodes.node(2).hang();
    const error = await testNodes.run(
      caught(testNodes.locks({ nodeTimeout: 2_000 }).acquire("a", { wait: 50 })),
    );
    expect(String(error)).not.toContain("node-0:");
    expect(String(error)).toContain("node-1: no answer within 50 ms");
  });
});

describe("an adoption", () => {
  it("that fails at first loses nothing: the keys get their old token, and the next attempt adopts them", async () => {
    const testNodes = new TestNodes(3);
    const lease = await testNodes.locks({ ttl: 60_000 }).acquire("a");
    const note = lease.handover();
    const heir = testNodes.locks({ owner: "heir", nodeTimeout: 100, ttl: 60_000 });
    await heir.inspect("a");
    testNodes.node(0).hang();
    testNodes.node(1).hang();
    const adoption = heir.adopt(note);
    await testNodes.clock.advance(110);
    testNodes.node(0).wake();
    testNodes.node(1).wake();
    const adopted = await testNodes.run(adoption);
    expect(adopted.remaining()).toBeGreaterThan(50_000);
    expect((await heir.inspect("a")).nodes.map(({ holder }) => holder?.owner)).toEqual([
      "heir",
      "heir",
      "heir",
    ]);
    await adopted.release();
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
  });

  it("that skipped an unresponsive node also releases the adopted lease there", async () => {
    const testNodes = new TestNodes(3);
    const note = (await testNodes.locks({ ttl: 60_000 }).acquire("a")).handover();
    const heir = testNodes.locks({ owner: "heir", nodeTimeout: 100, ttl: 60_000 });
    testNodes.node(2).hang();
    for (let silences = 0; silences < 5; silences++) await testNodes.run(heir.inspect("b"));
    const adopted = await testNodes.run(heir.adopt(note));
    testNodes.node(2).wake();
    await settle();
    expect(await testNodes.holders("a")).toEqual([true, true, true]);
    await adopted.release();
    await settle();
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
  });

  it("that is aborted leaves the key for at most the previous holder's TTL", async () => {
    const testNodes = new TestNodes(3);
    const note = (await testNodes.locks({ ttl: 1_000 }).acquire("a")).handover();
    const heir = testNodes.locks({ owner: "heir", ttl: 600_000 });
    await heir.inspect("a");
    const controller = new AbortController();
    const adoption = caught(heir.adopt(note, { ttl: 600_000, signal: controller.signal }));
    controller.abort(new Error("enough"));
    await adoption;
    await settle();
    expect((await heir.inspect("a")).holder?.owner).toBe("me");
    await testNodes.clock.advance(1_001);
    expect(await testNodes.holders("a")).toEqual([false, false, false]);
  });
});

describe("a release that a node did not take", () => {
  it("is tried again when the connection breaks again, and when the node refuses temporarily", async () => {
    const { locks, nodes, clock } = scripted(3, { nodeTimeout: 100, ttl: 60_000 });
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted, granted, granted]);
    const lease = await acquisition;
    const [node] = nodes;
    node?.change("down", new Error("gone"));
    void lease.release();
    await answer(nodes.slice(1), "release", [granted, granted]);
    node?.change("ready");
    await settle();
    node?.of("release").at(-1)?.answer({ kind: "failed", reason: "connection", message: "gone again" });
    node?.change("down", new Error("gone again"));
    await settle();
    node?.change("ready");
    await settle();
    expect(node?.of("release").length).toBe(2);
    node?.of("release").at(-1)?.answer({ kind: "failed", reason: "refused", message: "LOADING" });
    await settle();
    await clock.advance(100);
    expect(node?.of("release").length).toBe(3);
    node?.of("release").at(-1)?.answer(granted);
    await clock.advance(1_000);
    expect(node?.of("release").length).toBe(3);
    expect(clock.pending).toBe(0);
  });

  it("is not tried again after close, whatever the node answers then", async () => {
    const { locks, nodes, clock } = scripted(3);
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted, granted, granted]);
    await acquisition;
    const closed = locks.close();
    await answer(nodes, "release", [granted, granted]);
    await closed;
    nodes[2]?.of("release")[0]?.answer({ kind: "failed", reason: "refused", message: "READONLY" });
    await clock.advance(10_000);
    expect(nodes[2]?.of("release").length).toBe(1);
    expect(clock.pending).toBe(0);
  });
});
