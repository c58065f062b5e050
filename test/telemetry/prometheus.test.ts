import { metrics } from "@opentelemetry/api";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Beat, Frame, LockView } from "../../src/inspector/feed/frames.js";
import { noTotals } from "../../src/inspector/feed/totals.js";
import { Hub } from "../../src/inspector/server/hub.js";
import { type PrometheusText, prometheusOf } from "../../src/telemetry/prometheus.js";
import { prometheusOfAggregate } from "../../src/telemetry/prometheus-aggregate.js";
import { clockAt } from "../inspector/recording/stopped-clock.js";
import { TestNodes } from "../manager/test-nodes.js";
import { samplesOf, sumOf } from "./exposition.js";

async function opened(made: Promise<PrometheusText | null>): Promise<PrometheusText> {
  const prometheus = await made;
  if (prometheus === null) throw new Error("the peers are not installed");
  onTestFinished(() => prometheus.stop());
  return prometheus;
}

describe("the Prometheus text of a process's own locks", () => {
  it("reports the sum of several managers in Prometheus' format", async () => {
    const aggregate = new TestNodes(3);
    const [ours, theirs] = [aggregate.locks(), aggregate.locks({ owner: "other" })];
    const prometheus = await opened(prometheusOf([ours, theirs]));
    await (await aggregate.run(ours.acquire("a"))).release();
    const held = await aggregate.run(theirs.acquire("b"));
    await aggregate.run(ours.tryAcquire("b"));
    const kept = await aggregate.run(ours.acquire("c"));
    const samples = samplesOf(await prometheus.text());
    expect(sumOf(samples, "holdfast_lock_acquisitions_total")).toBe(3);
    expect(sumOf(samples, "holdfast_lock_failures_total", { error_type: "LOCK_CONTENDED" })).toBe(1);
    expect(sumOf(samples, "holdfast_lock_releases_total")).toBe(1);
    expect(sumOf(samples, "holdfast_lock_acquire_duration_count")).toBe(4);
    expect(sumOf(samples, "holdfast_lock_hold_duration_count", { holdfast_outcome: "released" })).toBe(1);
    expect(sumOf(samples, "holdfast_lock_in_use", { holdfast_lock_state: "held" })).toBe(2);
    expect(sumOf(samples, "holdfast_node_state", { holdfast_node_state: "ready" })).toBe(6);
    expect(
      sumOf(samples, "holdfast_node_request_duration_count", { holdfast_node_name: "node-1" }),
    ).toBeGreaterThan(0);
    await Promise.all([held.release(), kept.release(), ours.close(), theirs.close()]);
  });

  it("does not use the program's own provider, and each call has its own figures", async () => {
    const aggregate = new TestNodes(3);
    const locks = aggregate.locks();
    const before = metrics.getMeterProvider();
    const first = await opened(prometheusOf([locks]));
    await (await aggregate.run(locks.acquire("a"))).release();
    const second = await opened(prometheusOf([locks]));
    await (await aggregate.run(locks.acquire("a"))).release();
    expect(metrics.getMeterProvider()).toBe(before);
    expect(sumOf(samplesOf(await first.text()), "holdfast_lock_acquisitions_total")).toBe(2);
    expect(sumOf(samplesOf(await second.text()), "holdfast_lock_acquisitions_total")).toBe(1);
    await first.stop();
    await first.stop();
    expect(await first.text()).toBe("");
    expect(sumOf(samplesOf(await second.text()), "holdfast_lock_acquisitions_total")).toBe(1);
    await locks.close();
  });

  it("still reports past figures when the locks are closed", async () => {
    const aggregate = new TestNodes(3);
    const locks = aggregate.locks();
    const prometheus = await opened(prometheusOf([locks]));
    await aggregate.run(locks.acquire("a"));
    await aggregate.run(locks.close());
    const samples = samplesOf(await prometheus.text());
    expect(sumOf(samples, "holdfast_lock_releases_total")).toBe(1);
    expect(sumOf(samples, "holdfast_lock_in_use")).toBe(0);
  });

  it("refuses anything but a list of locks", async () => {
    const locks = new TestNodes(1).locks();
    for (const value of [[{}], locks, {}, null, undefined, "locks"])
      await expect(prometheusOf(value as never)).rejects.toMatchObject({
        code: "INVALID_OPTION",
        option: "locks",
      });
  });
});

const beat = (source: string, totals: Partial<Beat["totals"]>, more: Partial<Beat> = {}): Beat => ({
  kind: "beat",
  source,
  seq: 1,
  time: 1,
  owner: "me",
  pid: 1,
  prefix: "",
  nodes: [],
  totals: { ...noTotals, ...totals },
  inUse: 0,
  missed: 0,
  ...more,
});

const lock = (id: string, source: string, state: string): LockView => ({
  id,
  source,
  resources: [`resource of ${id}`],
  state,
  since: 1,
  acquisition: null,
  began: null,
  granted: null,
  attempts: 0,
  renewals: 0,
  reason: null,
  ttl: null,
  validUntil: null,
  fence: null,
  round: null,
});

const node = (name: string, state: "ready" | "down", p99: number | null) => ({
  name,
  state,
  cause: null,
  until: null,
  p50: null,
  p99,
  step: null,
});

/** What a server has received. */
class Seen {
  private readonly clock = clockAt(0);
  readonly hub = new Hub(undefined, this.clock);

  apply(frame: Frame, now: number): void {
    this.clock.now = now;
    this.hub.receive(frame);
  }

  prometheus(): Promise<PrometheusText> {
    return opened(prometheusOfAggregate(this.hub.aggregate, this.hub.totals));
  }
}

describe("the Prometheus text of all processes", () => {
  it("sums the figures of the processes, without the name of a lock or a process", async () => {
    const seen = new Seen();
    const now = Date.now();
    const prometheus = await seen.prometheus();
    seen.apply(beat("process-a", { acquired: 5, expired: 1 }, { nodes: [node("n", "ready", 20)] }), now);
    seen.apply(beat("process-b", { acquired: 2 }, { nodes: [node("n", "down", 50)] }), now);
    const locks = [
      lock("1", "process-a", "held"),
      lock("2", "process-a", "acquiring.asking"),
      lock("3", "process-a", "idle"),
    ];
    seen.apply({ kind: "locks", source: "process-a", seq: 2, time: 2, locks }, now);
    const text = await prometheus.text();
    const samples = samplesOf(text);
    expect(sumOf(samples, "holdfast_lock_acquisitions_total")).toBe(7);
    expect(sumOf(samples, "holdfast_lock_losses_total")).toBe(1);
    expect(sumOf(samples, "holdfast_lock_in_use", { holdfast_lock_state: "held" })).toBe(1);
    expect(sumOf(samples, "holdfast_lock_in_use")).toBe(2);
    expect(sumOf(samples, "holdfast_node_state", { holdfast_node_state: "down" })).toBe(1);
    expect(sumOf(samples, "holdfast_node_latency_p99")).toBe(0.05);
    expect(sumOf(samples, "holdfast_node_latency_p50")).toBeNaN();
    expect(sumOf(samples, "holdfast_processes", { holdfast_process_state: "alive" })).toBe(2);
    expect(text).not.toMatch(/process-|resource of/);
    seen.hub.aggregate.removeSource("process-b");
    seen.apply({ kind: "bye", source: "process-a", seq: 3, time: 3 }, now);
    const later = samplesOf(await prometheus.text());
    expect(sumOf(later, "holdfast_lock_in_use")).toBe(0);
    expect(sumOf(later, "holdfast_node_state")).toBe(0);
    expect(sumOf(later, "holdfast_node_latency_p99")).toBeNaN();
  });

  it("counts neither a lease that has run out while its process was silent, nor the nodes of that process", async () => {
    const seen = new Seen();
    const now = Date.now();
    const prometheus = await seen.prometheus();
    // Its clock is 90 s ahead, and its last beat arrived 20 s ago.
    const then = { time: now + 70_000, nodes: [node("n", "down", 50)] };
    seen.apply(beat("dead", { acquired: 2 }, then), now - 20_000);
    const leases = [
      { ...lock("1", "dead", "held"), validUntil: now + 80_000 },
      { ...lock("2", "dead", "held"), validUntil: now + 200_000 },
    ];
    seen.apply({ kind: "locks", source: "dead", seq: 2, time: now + 70_000, locks: leases }, now - 20_000);
    seen.apply(beat("alive", {}, { time: now, nodes: [node("n", "ready", 20)] }), now);
    const samples = samplesOf(await prometheus.text());
    expect(sumOf(samples, "holdfast_lock_acquisitions_total")).toBe(2);
    expect(sumOf(samples, "holdfast_lock_in_use", { holdfast_lock_state: "held" })).toBe(1);
    expect(sumOf(samples, "holdfast_node_state", { holdfast_node_state: "ready" })).toBe(1);
    expect(sumOf(samples, "holdfast_node_state", { holdfast_node_state: "down" })).toBe(0);
    expect(sumOf(samples, "holdfast_node_latency_p99")).toBe(0.02);
    expect(sumOf(samples, "holdfast_processes", { holdfast_process_state: "alive" })).toBe(1);
    expect(sumOf(samples, "holdfast_processes", { holdfast_process_state: "silent" })).toBe(1);
  });

  it("never counts backwards: a process that is removed or comes back subtracts nothing and adds nothing twice", async () => {
    const seen = new Seen();
    seen.apply(beat("process-a", { acquired: 5 }), 1_000);
    seen.apply(beat("process-b", { acquired: 2 }), 2_000);
    seen.hub.aggregate.removeSilent(1_500);
    // The first request comes after the process was forgotten.
    const prometheus = await seen.prometheus();
    const acquired = async () =>
      sumOf(samplesOf(await prometheus.text()), "holdfast_lock_acquisitions_total");
    expect(await acquired()).toBe(7);
    seen.apply(beat("process-a", { acquired: 6 }), 3_000);
    expect(await acquired()).toBe(8);
  });
});
