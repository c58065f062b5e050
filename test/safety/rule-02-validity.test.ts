import { describe, expect, it } from "vitest";
import { granted } from "../engine/scripted-node.js";
import { TestNodes } from "../manager/test-nodes.js";
import { answer, caught, scripted, settle } from "./scripted-locks.js";

describe("rule 2: validity counts from before the first request of the winning round", () => {
  it("subtracts the time until the answers", async () => {
    const { locks, nodes, clock } = scripted(3, { nodeTimeout: 900 });
    const acquisition = locks.acquire("a");
    await settle();
    await clock.advance(300);
    await answer(nodes, "acquire", [granted, granted]);
    const lease = await acquisition;
    expect(lease.remaining()).toBe(1_000 - 12 - 300);
    expect(lease.validUntil).toBe(clock.wall() + lease.remaining());
  });

  it("does not subtract the time of an earlier round", async () => {
    const { locks, nodes, clock } = scripted(3, {
      nodeTimeout: 400,
      retry: { count: 1, delay: 100, jitter: 0 },
    });
    const acquisition = locks.acquire("a");
    await settle();
    await clock.advance(400);
    expect(nodes[0]?.of("acquire").length).toBe(1);
    await clock.advance(100);
    expect(nodes[0]?.of("acquire").length).toBe(2);
    await clock.advance(50);
    await answer(nodes, "acquire", [granted, granted]);
    expect((await acquisition).remaining()).toBe(1_000 - 12 - 50);
  });

  it("fails an attempt without remaining validity, and releases its grants", async () => {
    const { locks, nodes, clock } = scripted(3);
    const acquisition = caught(locks.acquire("a"));
    await settle();
    clock.stall(988);
    await answer(nodes, "acquire", [granted, granted]);
    expect(await acquisition).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
    expect(nodes.map(({ ops }) => ops)).toEqual(Array(3).fill(["acquire", "release"]));
  });

  it("counts a renewal from its own start", async () => {
    const { locks, nodes, clock } = scripted(3);
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted, granted, granted]);
    const lease = await acquisition;
    while (nodes[0]?.of("renew").length === 0) await clock.advance(1);
    await clock.advance(200);
    await answer(nodes, "renew", [granted, granted]);
    expect(lease.remaining()).toBe(1_000 - 12 - 200);
  });

  it("rejects a renewal that took as long as the remaining validity", async () => {
    const { locks, nodes, clock, events } = scripted(3);
    const acquisition = locks.acquire("a", { renew: false });
    await answer(nodes, "acquire", [granted, granted, granted]);
    const lease = await acquisition;
    await clock.advance(700);
    const renewal = caught(lease.renew(5_000));
    await settle();
    clock.stall(288);
    await answer(nodes, "renew", [granted, granted, granted]);
    expect(await renewal).toMatchObject({ code: "LEASE_EXPIRED" });
    expect(events.at(-1)?.name).toBe("expired");
  });

  it("never shortens the lease by a renewal: requests the remaining TTL and counts from the start of the new round", async () => {
    const { locks, nodes } = scripted(3);
    const acquisition = locks.acquire("a", { ttl: 10_000, renew: false });
    await answer(nodes, "acquire", [granted, granted, granted]);
    const lease = await acquisition;
    const before = lease.remaining();
    const renewal = lease.renew(1_000);
    await settle();
    const [asked] = nodes[0]?.of("renew") ?? [];
    expect(asked?.command).toMatchObject({ ttl: 10_000 });
    await answer(nodes, "renew", [granted, granted]);
    await renewal;
    expect(lease.remaining()).toBeGreaterThanOrEqual(before);
    expect(lease.remaining()).toBeLessThan(before + 5);
  });

  it("counts from the last round only, because nodes may have lost the keys of an earlier round", async () => {
    const testNodes = new TestNodes(5);
    const lax = { quarantine: false } as const;
    const [ours, theirs] = [testNodes.locks(lax), testNodes.locks({ ...lax, owner: "other" })];
    testNodes.node(3).crash();
    testNodes.node(4).crash();
    const lease = await testNodes.run(ours.acquire("a", { renew: false }));
    testNodes.node(3).restart();
    testNodes.node(4).restart();
    await settle();
    await lease.renew(500);
    testNodes.node(0).restart();
    testNodes.node(1).restart();
    await settle();
    await lease.renew(500);
    await testNodes.clock.advance(600);
    expect(lease.remaining()).toBeGreaterThan(0);
    expect(await theirs.tryAcquire("a")).toBeNull();
  });

  it("uses the longest requested TTL for overlapping renewals", async () => {
    const testNodes = new TestNodes(3);
    const lease = await testNodes.locks({ ttl: 1_000 }).acquire("a", { renew: false });
    await Promise.all([lease.renew(), lease.renew(60_000), lease.renew(2_000)]);
    expect(lease.remaining()).toBeGreaterThan(59_000);
  });
});
