import { monitorEventLoopDelay } from "node:perf_hooks";
import { metrics } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import type { Locks } from "../../src/index.js";
import { instrumentLocks } from "../../src/telemetry.js";
import { TestNodes } from "../manager/test-nodes.js";
import { caught } from "../safety/scripted-locks.js";
import { waitUntil } from "../support/wait-until.js";
import { recordMetrics, sumOf, total } from "./recorders.js";

function metered(...all: Locks[]) {
  const recorded = recordMetrics();
  const removals = all.map((locks) => instrumentLocks(locks, { meterProvider: recorded.provider }));
  return { ...recorded, removals };
}

describe("metrics of locks and nodes", () => {
  it("time the wait and the hold, in s", async () => {
    const world = new TestNodes(3);
    const [ours, theirs] = [world.locks({ ttl: 1_000 }), world.locks({ owner: "other" })];
    const { collect } = metered(ours);
    const held = await world.run(theirs.acquire("a"));
    const pending = ours.acquire("a");
    await world.clock.advance(200);
    await held.release();
    const lease = await world.run(pending);
    await world.clock.advance(3_000);
    await lease.release();
    const points = await collect();
    expect(sumOf(points, "holdfast.lock.acquire.duration")).toBeCloseTo(0.2, 1);
    expect(sumOf(points, "holdfast.lock.hold.duration", { "holdfast.outcome": "released" })).toBeCloseTo(
      3,
      1,
    );
    expect(total(points, "holdfast.lock.renewals")).toBeGreaterThan(5);
    expect(total(points, "holdfast.lock.retries", { "holdfast.reason": "contended" })).toBeGreaterThan(0);
    const units = points.filter(({ metric }) => metric.endsWith(".duration")).map(({ unit }) => unit);
    expect(new Set(units)).toEqual(new Set(["s"]));
    await Promise.all([ours.close(), theirs.close()]);
  });

  it("count failures by error, lost quorums, losses by reason, and failed votes by node and reason", async () => {
    const world = new TestNodes(3);
    const [ours, theirs] = [world.locks({ ttl: 1_000, nodeTimeout: 100 }), world.locks({ owner: "other" })];
    const { collect } = metered(ours);
    await world.run(theirs.acquire("a"));
    await ours.tryAcquire("a");
    const controller = new AbortController();
    const aborted = caught(ours.acquire("a", { signal: controller.signal }));
    controller.abort(new Error("enough"));
    await aborted;
    await world.run(ours.acquire("b"));
    for (const node of world.nodes) node.hang();
    await world.clock.advance(1_500);
    await world.run(caught(ours.acquire("c", { wait: 0 })));
    const points = await collect();
    const failures = (error: string) => total(points, "holdfast.lock.failures", { "error.type": error });
    expect(["LOCK_CONTENDED", "aborted", "QUORUM_UNAVAILABLE"].map(failures)).toEqual([1, 1, 1]);
    expect(total(points, "holdfast.lock.quorum_losses")).toBeGreaterThan(0);
    expect(total(points, "holdfast.lock.losses", { "holdfast.reason": "deadline" })).toBe(1);
    const timeouts = { "holdfast.node.name": "node-0", "holdfast.reason": "timeout" };
    expect(total(points, "holdfast.node.votes_failed", timeouts)).toBeGreaterThan(1);
    const down = { "holdfast.node.state": "unresponsive" };
    expect(total(points, "holdfast.node.state", down)).toBe(3);
    expect(total(points, "holdfast.node.outages", down)).toBe(3);
    await world.run(Promise.all([ours.close({ timeout: 10 }), theirs.close({ timeout: 10 })]));
  });

  it("do not count a node that was not asked as failed", async () => {
    const world = new TestNodes(5);
    const locks = world.locks();
    const { collect } = metered(locks);
    for (let round = 0; round < 20; round++) await (await world.run(locks.acquire("a"))).release();
    expect(total(await collect(), "holdfast.node.votes_failed")).toBe(0);
    await locks.close();
  });

  it("time each node's answers", async () => {
    const world = new TestNodes(3);
    const locks = world.locks();
    const { collect } = metered(locks);
    await (await world.run(locks.acquire("a"))).release();
    const points = await collect();
    for (const { name } of world.nodes) {
      const node = { "holdfast.node.name": name };
      expect(total(points, "holdfast.node.request.duration", node), name).toBeGreaterThan(0);
    }
    await locks.close();
  });

  it("have few series, however many resources, owners and acquisitions there are", async () => {
    const world = new TestNodes(3);
    const all = ["p", "q"].map((owner) => world.locks({ owner }));
    const { collect } = metered(...all);
    const use = async (count: number, what: string) => {
      for (const locks of all) {
        const names = Array.from({ length: count }, (_, index) => `${what}:${index}`);
        const leases = await world.run(Promise.all(names.map((name) => locks.acquire(name))));
        await world.run(Promise.all(leases.map((lease) => lease.release())));
      }
      return collect();
    };
    const few = await use(1, "few");
    const many = await use(1_000, "many");
    // After some time the three gauges of the event loop appear too.
    const ours = (points: typeof few) =>
      points.filter(({ metric }) => !metric.startsWith("nodejs.eventloop"));
    expect(ours(many).length).toBe(ours(few).length);
    expect(many.length).toBeLessThan(60);
    expect(total(many, "holdfast.lock.acquisitions")).toBe(2_002);
    expect(JSON.stringify(many.map(({ labels }) => labels))).not.toMatch(/many|"[pq]"/);
    await Promise.all(all.map((locks) => locks.close()));
  });

  it("count the locks in use, over all managers", async () => {
    const world = new TestNodes(3);
    const [ours, theirs] = [world.locks(), world.locks({ owner: "other" })];
    const { collect } = metered(ours, theirs);
    await world.run(ours.acquire("a"));
    await world.run(theirs.acquire("b"));
    const waiting = caught(theirs.acquire("a"));
    await world.clock.advance(10);
    const points = await collect();
    const inUse = (state: string) => total(points, "holdfast.lock.in_use", { "holdfast.lock.state": state });
    expect(["acquiring", "held", "renewing", "releasing"].map(inUse)).toEqual([1, 2, 0, 0]);
    expect(total(points, "holdfast.node.state", { "holdfast.node.state": "ready" })).toBe(6);
    await world.run(Promise.all([ours.close(), theirs.close()]));
    await waiting;
    const after = await collect();
    expect(total(after, "holdfast.lock.in_use")).toBe(0);
    expect(total(after, "holdfast.node.state")).toBe(0);
  });

  it("time leases that were held already, and only count pending acquisitions", async () => {
    const world = new TestNodes(3);
    const locks = world.locks();
    const lease = await world.run(locks.acquire("a"));
    const pending = locks.acquire("a");
    await world.clock.advance(1_000);
    const { collect } = metered(locks);
    await lease.release();
    await world.run(pending);
    const points = await collect();
    expect(sumOf(points, "holdfast.lock.hold.duration")).toBeCloseTo(1, 1);
    expect(total(points, "holdfast.lock.acquisitions")).toBe(1);
    expect(total(points, "holdfast.lock.acquire.duration")).toBe(0);
    await locks.close();
  });

  it("measure the event loop until no manager is left", async () => {
    const world = new TestNodes(3);
    const [ours, theirs] = [world.locks(), world.locks({ owner: "other" })];
    const { collect, removals } = metered(ours, theirs);
    // Samples at the same times, because it is started right after the other.
    const reference = monitorEventLoopDelay({ resolution: 20 });
    reference.enable();
    await waitUntil("the loop was sampled", 5_000, () => reference.count > 1);
    const looks = reference.count;
    const start = performance.now();
    while (performance.now() - start < 200) Math.sqrt(start);
    await waitUntil("the loop was sampled again", 5_000, () => reference.count > looks);
    reference.disable();
    const points = (await collect()).filter(({ metric }) => metric.startsWith("nodejs.eventloop."));
    expect(points.map(({ metric }) => metric.slice("nodejs.eventloop.".length))).toEqual([
      "delay.p50",
      "delay.p99",
      "delay.max",
    ]);
    expect(total(points, "nodejs.eventloop.delay.max")).toBeGreaterThan(0.1);
    removals[0]?.();
    await theirs.close();
    expect(total(await collect(), "nodejs.eventloop.delay.max")).toBeNaN();
    await ours.close();
  });

  it("end when they are removed, and with the locks", async () => {
    const world = new TestNodes(3);
    const locks = world.locks();
    const { collect, removals } = metered(locks);
    await (await world.run(locks.acquire("a"))).release();
    removals[0]?.();
    removals[0]?.();
    await (await world.run(locks.acquire("a"))).release();
    expect(total(await collect(), "holdfast.lock.acquisitions")).toBe(1);
    await locks.close();
  });

  it("use the global SDK by default; without one nothing is measured", async () => {
    const world = new TestNodes(3);
    const locks = world.locks();
    instrumentLocks(locks)();
    const { provider, collect } = recordMetrics();
    metrics.setGlobalMeterProvider(provider);
    try {
      instrumentLocks(locks);
      await (await world.run(locks.acquire("a"))).release();
      expect(total(await collect(), "holdfast.lock.acquisitions")).toBe(1);
    } finally {
      metrics.disable();
    }
    await locks.close();
  });
});
