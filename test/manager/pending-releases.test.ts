import { describe, expect, it } from "vitest";
import type { Reply } from "../../src/engine/node/lock-node.js";
import { granted, type ScriptedNode } from "../engine/scripted-node.js";
import { answer, scripted } from "../safety/scripted-locks.js";
import { settle } from "./test-nodes.js";

const refusals: readonly Reply[] = [
  { kind: "failed", reason: "overloaded", message: "The queue is full" },
  { kind: "failed", reason: "timeout", message: "Command timed out" },
  { kind: "failed", reason: "refused", message: "LOADING" },
  { kind: "failed", reason: "connection", message: "lost" },
];

describe.each(refusals.map((reply) => [reply.kind === "failed" ? reply.reason : "", reply] as const))(
  "a release that every client fails (%s)",
  (_, refusal) => {
    it("is reported as pending, and is delivered as soon as the client accepts it", async () => {
      const { locks, nodes, clock } = scripted(3, { ttl: 60_000, nodeTimeout: 100, renew: false });
      const acquisition = locks.acquire("a");
      await answer(nodes, "acquire", [granted, granted, granted]);
      const lease = await acquisition;
      const released = lease.release();
      await answer(nodes, "release", [refusal, refusal, refusal]);
      expect(await released).toBe("pending");
      await clock.advance(100);
      for (const node of nodes) expect(node.of("release").length).toBe(2);
      await answer(nodes, "release", [granted, granted, granted]);
      await clock.advance(60_000);
      for (const node of nodes) expect(node.of("release").length).toBe(2);
    });
  },
);

describe("a release that a node refuses repeatedly", () => {
  it("is retried with growing delays for as long as the key may exist", async () => {
    const { locks, nodes, clock } = scripted(1, { ttl: 600_000, nodeTimeout: 100, renew: false });
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted]);
    const lease = await acquisition;
    void lease.release();
    const refuse = async () =>
      answer(nodes, "release", [{ kind: "failed", reason: "refused", message: "OOM" }]);
    await refuse();
    for (let spent = 0; spent < 590_000; spent += 1_000) {
      await clock.advance(1_000);
      await refuse();
    }
    const tries = nodes[0]?.of("release").length ?? 0;
    expect(tries).toBeGreaterThan(100);
    expect(tries).toBeLessThan(200);
    // The node accepts the last release.
    await clock.advance(5_100);
    await answer(nodes, "release", [granted]);
    await clock.advance(100_000);
    expect(nodes[0]?.of("release").length).toBeLessThanOrEqual(tries + 1);
  });

  it("is not retried when the key has expired", async () => {
    const { locks, nodes, clock } = scripted(1, { ttl: 1_000, nodeTimeout: 100, renew: false });
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted]);
    void (await acquisition).release();
    await answer(nodes, "release", [{ kind: "failed", reason: "refused", message: "OOM" }]);
    for (let spent = 0; spent < 1_500; spent += 50) {
      await clock.advance(50);
      await answer(nodes, "release", [{ kind: "failed", reason: "refused", message: "OOM" }]);
    }
    const tries = nodes[0]?.of("release").length;
    expect(tries).toBeGreaterThan(1);
    await clock.advance(60_000);
    expect(nodes[0]?.of("release").length).toBe(tries);
    expect(clock.pending).toBe(0);
  });
});

describe("close()", () => {
  const full: Reply = { kind: "failed", reason: "overloaded", message: "The queue is full" };
  const released = async () => {
    const { locks, nodes, clock } = scripted(1, { ttl: 60_000, nodeTimeout: 100, renew: false });
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted]);
    void (await acquisition).release();
    await answer(nodes, "release", [full]);
    let closed = false;
    const closing = (timeout: number) => {
      void locks.close({ timeout }).then(() => {
        closed = true;
      });
    };
    return { nodes, clock, closing, isClosed: () => closed };
  };

  it("waits until the node accepts the release that its client had refused", async () => {
    const { nodes, clock, closing, isClosed } = await released();
    closing(5_000);
    await clock.advance(100);
    expect(nodes[0]?.of("release").length).toBe(2);
    await clock.advance(100);
    expect(isClosed()).toBe(false);
    await answer(nodes, "release", [granted]);
    await clock.advance(20);
    expect(isClosed()).toBe(true);
  });

  it("waits no longer than its timeout", async () => {
    const { nodes, clock, closing, isClosed } = await released();
    closing(500);
    for (let spent = 0; spent < 480; spent += 20) {
      await clock.advance(20);
      await answer(nodes, "release", [full]);
    }
    expect(isClosed()).toBe(false);
    await clock.advance(20);
    expect(isClosed()).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it("waits for an unresponsive quorum, but not for a minority", async () => {
    const { locks, nodes, clock } = scripted(3, { ttl: 60_000, nodeTimeout: 100, renew: false });
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted, granted, granted]);
    await acquisition;
    let closed = false;
    void locks.close({ timeout: 5_000 }).then(() => {
      closed = true;
    });
    await answer(nodes, "release", [granted]);
    await clock.advance(1_000);
    expect(closed).toBe(false);
    nodes[1]?.of("release")[0]?.answer(granted);
    await clock.advance(20);
    expect(closed).toBe(true);
  });

  it("does not wait for a node that cannot be asked", async () => {
    const { nodes, clock, closing, isClosed } = await released();
    nodes[0]?.change("down");
    closing(5_000);
    await clock.advance(0);
    expect(isClosed()).toBe(true);
  });
});

describe("a release that reached the server on another connection than its acquisition", () => {
  /** An attempt and its release, both without an answer. */
  const unanswered = async ({ opaque = false } = {}) => {
    const options = { ttl: 60_000, nodeTimeout: 100, wait: 0, retry: { count: 0 } };
    const { locks, nodes, clock } = scripted(1, options, opaque);
    const acquisition = locks.acquire("a").catch((error: unknown) => error);
    await settle();
    await clock.advance(100);
    await acquisition;
    return { nodes, clock };
  };

  it("is repeated, because the old connection may still deliver the acquisition", async () => {
    const { nodes, clock } = await unanswered();
    expect(nodes[0]?.ops).toEqual(["acquire", "release"]);
    for (const { answer: fail } of nodes[0]?.arrivals ?? [])
      fail({ kind: "failed", reason: "connection", message: "lost" });
    await settle();
    nodes[0]?.change("down");
    nodes[0]?.change("ready");
    await settle();
    expect(nodes[0]?.ops).toEqual(["acquire", "release", "release"]);
    await answer(nodes, "release", [granted]);
    await clock.advance(1_100);
    expect(nodes[0]?.of("release").length).toBe(3);
  });

  it("is repeated when the client does not reveal its connections", async () => {
    const { nodes, clock } = await unanswered({ opaque: true });
    const [node] = nodes as [ScriptedNode];
    expect(node.ops).toEqual(["acquire", "release"]);
    await answer(nodes, "release", [granted]);
    await clock.advance(1_100);
    expect(node.of("release").length).toBe(2);
  });

  it("is not repeated when the server has answered the acquisition", async () => {
    const { locks, nodes, clock } = scripted(1, { ttl: 60_000, nodeTimeout: 100, renew: false });
    const acquisition = locks.acquire("a");
    await answer(nodes, "acquire", [granted]);
    const lease = await acquisition;
    nodes[0]?.change("down");
    void lease.release();
    nodes[0]?.change("ready");
    await settle();
    await answer(nodes, "release", [granted]);
    await clock.advance(50_000);
    expect(nodes[0]?.of("release").length).toBe(1);
  });
});
