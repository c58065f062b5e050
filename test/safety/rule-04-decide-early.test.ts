import { describe, expect, it } from "vitest";
import { denied, granted, refused } from "../engine/scripted-node.js";
import { answer, caught, scripted, settle } from "./scripted-locks.js";

describe("rule 4: decide as early as the votes allow", () => {
  it("grants with a quorum, without waiting for the other nodes", async () => {
    const { locks, nodes } = scripted(5);
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted, granted, granted, null, null]);
    expect((await acquisition).remaining()).toBeGreaterThan(0);
  });

  it("reports contention when too many nodes denied for a quorum, even with an even number of nodes", async () => {
    for (const [size, replies] of [
      [5, [denied, denied, denied, null, null]],
      [4, [granted, granted, denied, denied]],
      [2, [granted, denied]],
      [1, [denied]],
    ] as const) {
      const { locks, nodes } = scripted(size);
      const acquisition = caught(locks.acquire("a"));
      await answer(nodes, "acquire", replies);
      expect(await acquisition).toMatchObject({ code: "LOCK_CONTENDED" });
    }
  });

  it("reports a missing quorum when too many nodes failed, whatever the other nodes answer", async () => {
    const { locks, nodes } = scripted(3);
    const acquisition = caught(locks.acquire("a"));
    await answer(nodes, "acquire", [refused, refused, granted]);
    const error = await acquisition;
    expect(error).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
    expect(String(error)).toContain("node-0: ERR no; node-1: ERR no");
  });

  it("never waits for an unresponsive node beyond the node timeout", async () => {
    const { locks, nodes, clock } = scripted(3, { nodeTimeout: 200 });
    const acquisition = caught(locks.acquire("a"));
    await answer(nodes, "acquire", [granted]);
    await clock.advance(199);
    expect(nodes[0]?.of("release").length).toBe(0);
    await clock.advance(1);
    const error = await acquisition;
    expect(error).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
    expect(String(error)).toContain("no answer within 200 ms");
  });

  it("fails the vote of an unready node at once, without a request to its client", async () => {
    const { locks, nodes, clock } = scripted(3);
    nodes[0]?.change("down", new Error("connection refused"));
    const since = clock.monotonic();
    const acquisition = caught(locks.acquire("a"));
    await answer(nodes.slice(1), "acquire", [refused, granted]);
    expect(String(await acquisition)).toContain("node-0: connection refused");
    expect(clock.monotonic()).toBe(since);
    expect(nodes[0]?.arrivals).toEqual([]);
  });

  it("waits once for a node that connects for the first time, up to the connect timeout", async () => {
    const { locks, nodes, clock } = scripted(1, { nodeTimeout: 100, connectTimeout: 200 });
    const [node] = nodes;
    node?.change("connecting");
    const first = caught(locks.acquire("a"));
    await settle();
    expect(node?.connects).toBeGreaterThan(0);
    await clock.advance(500);
    expect(await first).toMatchObject({ code: "QUORUM_UNAVAILABLE" });
    const since = clock.monotonic();
    expect(String(await caught(locks.acquire("a")))).toContain("not connected after");
    expect(clock.monotonic()).toBe(since);
    node?.change("ready");
    const second = locks.acquire("a");
    await answer(nodes, "acquire", [granted]);
    expect((await second).remaining()).toBeGreaterThan(0);
  });

  it("does not limit requests by releases: a healthy node is asked while thousands of leases are released", async () => {
    const { locks, nodes } = scripted(1, { wait: 0, ttl: 60_000, renew: false });
    await locks.ready();
    const half = async (from: number) => {
      const asked = Array.from({ length: 6_000 }, (_, index) => locks.acquire(`a${from + index}`));
      await settle();
      for (const { answer: reply } of nodes[0]?.arrivals.splice(0) ?? []) reply(granted);
      return Promise.all(asked);
    };
    const leases = [...(await half(0)), ...(await half(6_000))];
    for (const lease of leases) void lease.release();
    const one = locks.acquire("another");
    await settle();
    for (const { answer: reply } of nodes[0]?.arrivals.splice(0) ?? []) reply(granted);
    expect((await one).remaining()).toBeGreaterThan(0);
  });

  it("bounds the requests in flight to a node that hangs", async () => {
    const { locks, nodes } = scripted(1, { wait: 0 });
    const acquisitions = Array.from({ length: 10_050 }, (_, index) => caught(locks.acquire(`a${index}`)));
    await settle();
    expect(nodes[0]?.of("acquire").length).toBe(10_000);
    expect(String(await acquisitions.at(-1))).toContain("10000 requests are unanswered already");
  });
});
