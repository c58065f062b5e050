import { describe, expect, it } from "vitest";
import { granted } from "../engine/scripted-node.js";
import { answer, caught, scripted, settle } from "./world.js";

describe("rule 2: validity counts from before the first request of the winning round", () => {
  it("takes off the time that the answers took", async () => {
    const { locks, nodes, clock } = scripted(3, { nodeTimeout: 900 });
    const acquisition = locks.acquire("a");
    await settle();
    await clock.advance(300);
    await answer(nodes, "acquire", [granted, granted]);
    const lease = await acquisition;
    expect(lease.remaining()).toBe(1_000 - 12 - 300);
    expect(lease.validUntil).toBe(clock.wall() + lease.remaining());
  });

  it("does not count what an earlier round took, nor lend it its start", async () => {
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

  it("fails an attempt that left no validity, and releases it", async () => {
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
    await clock.advance(494);
    await clock.advance(200);
    await answer(nodes, "renew", [granted, granted]);
    expect(lease.remaining()).toBe(1_000 - 12 - 200);
  });

  it("fails a renewal that left no validity of its own", async () => {
    const { locks, nodes, clock, heard } = scripted(3);
    const acquisition = locks.acquire("a", { ttl: 10_000, renew: false });
    await answer(nodes, "acquire", [granted, granted, granted]);
    const lease = await acquisition;
    const before = lease.validUntil;
    const renewal = caught(lease.renew(100));
    await settle();
    clock.stall(97);
    await answer(nodes, "renew", [granted, granted]);
    expect(await renewal).toMatchObject({ code: "QUORUM_UNAVAILABLE", operation: "renew" });
    expect(heard.at(-1)?.name).toBe("quorumLost");
    expect(lease.validUntil).toBe(before);
    expect(lease.remaining()).toBeGreaterThan(9_000);
  });

  it("never lets a renewal shorten the lease", async () => {
    const { locks, nodes, clock } = scripted(3);
    const acquisition = locks.acquire("a", { ttl: 10_000, renew: false });
    await answer(nodes, "acquire", [granted, granted, granted]);
    const lease = await acquisition;
    const renewal = lease.renew(1_000);
    await answer(nodes, "renew", [granted, granted]);
    await renewal;
    await clock.advance(1_000);
    expect(lease.remaining()).toBe(10_000 - 102 - 1_000);
  });
});
