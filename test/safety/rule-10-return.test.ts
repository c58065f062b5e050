import { describe, expect, it } from "vitest";
import { granted, missing, type ScriptedNode } from "../engine/scripted-node.js";
import { listen, TestNodes } from "../manager/test-nodes.js";
import { answer, scripted, settle } from "./scripted-locks.js";

/** ms: longer than the pause in which several returning nodes are gathered, far shorter than the time to a renewal. */
const soon = 15;

/** A lease of 1 s that all of three nodes granted. */
async function holding(options: { renew?: boolean; maxHold?: number } = {}) {
  const setup = scripted(3);
  const acquisition = setup.locks.acquire("a", options);
  await answer(setup.nodes, "acquire", [granted, granted, granted]);
  return { ...setup, lease: await acquisition };
}

/** Reconnects the node to a server that remembers what it granted. */
async function bounce(node: ScriptedNode | undefined) {
  node?.change("down", new Error("the connection was lost"));
  await settle();
  node?.change("ready");
  await settle();
}

const renewals = (nodes: readonly ScriptedNode[]) => nodes.map((node) => node.of("renew").length);

describe("rule 10: a node that votes again is healed at once", () => {
  it("after it reconnected with a memory that counts", async () => {
    const { nodes, clock } = await holding();
    await bounce(nodes[0]);
    await clock.advance(soon);
    await answer(nodes, "renew", [missing, granted, granted]);
    expect(nodes.map(({ ops }) => ops)).toEqual([
      ["acquire", "renew", "heal"],
      ["acquire", "renew"],
      ["acquire", "renew"],
    ]);
  });

  it("when its quarantine ended", async () => {
    const testNodes = new TestNodes(3, "returning");
    const locks = testNodes.locks({ ttl: 1_000, nodeTimeout: 100 });
    await testNodes.run(locks.acquire("kept"));
    testNodes.node(0).restart();
    await testNodes.clock.advance(100);
    for (const name of ["b", "c"]) await testNodes.run(locks.acquire(name));
    await testNodes.clock.advance(800);
    expect(await testNodes.holders("kept")).toEqual([false, true, true]);
    const events = listen(locks);
    await testNodes.clock.advance(120);
    expect(events.map(({ name }) => name)).toContain("nodeUp");
    await testNodes.clock.advance(soon);
    for (const name of ["kept", "b", "c"]) expect(await testNodes.holders(name)).toEqual([true, true, true]);
    await locks.close();
  });

  it("after it had been silent and was not asked", async () => {
    const testNodes = new TestNodes(3, "hung");
    const locks = testNodes.locks({ ttl: 10_000, nodeTimeout: 100 });
    await testNodes.run(locks.acquire("first"));
    testNodes.node(0).hang();
    for (const name of ["a", "b", "c"]) {
      await testNodes.run(locks.acquire(name));
      await testNodes.clock.advance(150);
    }
    await testNodes.run(locks.acquire("missed"));
    testNodes.node(0).wake();
    await testNodes.clock.advance(1_000);
    expect(await testNodes.holders("missed")).toEqual([true, true, true]);
    await locks.close();
  });

  it("without moving the end of a lease that is not renewed, and without an event", async () => {
    const { nodes, clock, lease, events } = await holding({ renew: false });
    const { validUntil } = lease;
    await clock.advance(200);
    await bounce(nodes[0]);
    await clock.advance(soon);
    const ttl = nodes[1]?.of("renew").map(({ command }) => ("ttl" in command ? command.ttl : 0))[0];
    expect(ttl).toBeLessThanOrEqual(800);
    expect(ttl).toBeGreaterThanOrEqual(800 - soon);
    await answer(nodes, "renew", [missing, granted, granted]);
    expect(nodes[0]?.ops.at(-1)).toBe("heal");
    expect(lease.validUntil).toBe(validUntil);
    expect(events.map(({ name }) => name)).not.toContain("renewed");
    await clock.advance(800);
    expect(lease.remaining()).toBe(0);
    expect(events.map(({ name }) => name)).toContain("expired");
  });

  it("even under a lease that reaches its maxHold before its end", async () => {
    const { nodes, clock, lease } = await holding({ maxHold: 500 });
    const { validUntil } = lease;
    await bounce(nodes[0]);
    await clock.advance(soon);
    await answer(nodes, "renew", [missing, granted, granted]);
    expect(nodes[0]?.ops.at(-1)).toBe("heal");
    expect(lease.validUntil).toBe(validUntil);
  });

  it("and a confirmation without a quorum changes nothing of a lease that is not renewed", async () => {
    const { nodes, clock, lease, events } = await holding({ renew: false });
    await bounce(nodes[0]);
    await clock.advance(soon);
    await answer(nodes, "renew", [missing, granted, null]);
    await clock.advance(300);
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(nodes[0]?.ops).not.toContain("heal");
    expect(events.map(({ name }) => name)).not.toContain("quorumLost");
  });

  it("together with other nodes that return at about the same time", async () => {
    const { nodes, clock } = await holding();
    nodes[0]?.change("down", new Error("lost"));
    nodes[1]?.change("down", new Error("lost"));
    nodes[0]?.change("ready");
    await settle();
    await clock.advance(5);
    nodes[1]?.change("ready");
    await settle();
    await clock.advance(soon);
    expect(renewals(nodes)).toEqual([1, 1, 1]);
  });

  it("only once a quorum votes", async () => {
    const { nodes, clock } = await holding();
    for (const node of nodes) node.change("down", new Error("lost"));
    nodes[0]?.change("ready");
    await clock.advance(soon);
    expect(renewals(nodes)).toEqual([0, 0, 0]);
    nodes[1]?.change("ready");
    await clock.advance(soon);
    expect(renewals(nodes)).toEqual([1, 1, 0]);
  });

  it("also of a lease whose grant was under way when the node began to vote", async () => {
    const { nodes, clock, locks } = await holding();
    nodes[0]?.change("down", new Error("lost"));
    const acquisition = locks.acquire("b");
    await settle();
    nodes[0]?.change("ready");
    await clock.advance(soon);
    await answer(nodes.slice(1), "acquire", [granted, granted]);
    await acquisition;
    const asked = nodes.map(
      (node) => node.of("renew").filter(({ command }) => command.keys[0] === "b").length,
    );
    expect(asked).toEqual([1, 1, 1]);
  });

  it("and leases that were granted since are left alone", async () => {
    const { nodes, clock, lease, locks } = await holding();
    void lease.release();
    await bounce(nodes[0]);
    await clock.advance(1);
    const acquisition = locks.acquire("b");
    await answer(nodes, "acquire", [granted, granted, granted]);
    await acquisition;
    await clock.advance(soon);
    expect(renewals(nodes)).toEqual([0, 0, 0]);
  });

  it("never after a release has begun", async () => {
    const { nodes, clock, lease } = await holding();
    await bounce(nodes[0]);
    await clock.advance(soon);
    void lease.release();
    await answer(nodes, "renew", [missing, granted, granted]);
    expect(nodes[0]?.ops).toEqual(["acquire", "renew", "release"]);
  });

  it("with many leases in few batches, none larger than a node takes", async () => {
    const { nodes, clock, locks } = scripted(3, { ttl: 10_000, grouping: true });
    const acquisitions = Array.from({ length: 2_500 }, (_, index) => locks.acquire(`many-${index}`));
    for (let answered = 0; answered < acquisitions.length; ) {
      await settle();
      const { length } = nodes[0]?.arrivals ?? [];
      for (const node of nodes) for (const arrival of node.arrivals.slice(answered)) arrival.answer(granted);
      answered = length;
    }
    await Promise.all(acquisitions);
    const before = nodes[1]?.batches.length ?? 0;
    await bounce(nodes[0]);
    await clock.advance(100);
    const sizes = nodes[1]?.batches.slice(before).map(({ length }) => length);
    expect(sizes).toEqual([1_000, 1_000, 500]);
  });
});
