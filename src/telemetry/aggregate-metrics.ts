import type { Meter } from "@opentelemetry/api";
import type { FrameAggregate } from "../inspector/feed/frame-aggregate.js";
import type { NodeView, Totals } from "../inspector/feed/frames.js";
import { hasRunOut, isSilent, silenceTimeout } from "../inspector/feed/silence.js";
import { totalNames } from "../inspector/feed/totals.js";
import type { TotalsSum } from "../inspector/feed/totals-sum.js";
import { gaugesOf } from "./instruments.js";
import { attributes, statesInUse } from "./names.js";
import { NodeFigures } from "./node-figures.js";

const processStates = ["alive", "silent", "closed"] as const;

/**
 * Reports the sum over all processes, under the names of one process's own metrics. Returns a function that ends the
 * reporting.
 */
export function observeAggregate(meter: Meter, aggregate: FrameAggregate, totals: TotalsSum): () => void {
  const figures = new NodeFigures();
  const counter = (name: string, unit: string, description: string) =>
    meter.createObservableCounter(`holdfast.lock.${name}`, { unit, description });
  const counters = {
    acquired: counter("acquisitions", "{acquisition}", "Acquisitions that were granted"),
    failed: counter("failures", "{acquisition}", "Acquisitions that ended without a lease"),
    retries: counter("retries", "{attempt}", "Attempts after the first one"),
    renewed: counter("renewals", "{renewal}", "Renewals that succeeded"),
    quorumLost: counter("quorum_losses", "{renewal}", "Renewals that found no quorum; the lease still ran"),
    expired: counter("losses", "{lease}", "Leases that were over before they were released"),
    released: counter("releases", "{lease}", "Leases that were released"),
  } as const satisfies Record<Exclude<keyof Totals, "asks">, unknown>;
  const gauges = gaugesOf(meter);
  const latency = (which: "p50" | "p99") =>
    meter.createObservableGauge(`holdfast.node.latency.${which}`, {
      unit: "s",
      description: `Time from a request to a node until its answer, ${which}; of the process that waits longest`,
    });
  const latencies = { p50: latency("p50"), p99: latency("p99") };
  const processes = meter.createObservableUpDownCounter("holdfast.processes", {
    unit: "{process}",
    description: `Managers of locks that report; silent: no beat for ${silenceTimeout / 1_000} s`,
  });
  const observed = [...Object.values(counters), ...Object.values(gauges), ...Object.values(latencies)];
  const all = [...observed, processes];
  const observe: Parameters<Meter["addBatchObservableCallback"]>[0] = (result) => {
    const now = Date.now();
    const { counts } = totals.view;
    for (const name of totalNames) {
      // The metric counts every attempt after the first one.
      if (name === "retries") result.observe(counters.retries, counts.retries + counts.asks);
      else if (name !== "asks") result.observe(counters[name], counts[name]);
    }
    for (const [state, count] of countLocks(aggregate, now)) {
      result.observe(gauges.inUse, count, { [attributes.lockState]: state });
    }
    for (const [state, count] of countProcesses(aggregate, now)) {
      result.observe(processes, count, { [attributes.processState]: state });
    }
    // What a process said before it fell silent tells nothing of the nodes.
    const nodes = [...aggregate.sources.values()].flatMap((view) =>
      view.closed || isSilent(view, now) ? [] : view.beat.nodes,
    );
    const latest = latenciesOf(nodes);
    for (const [name, states] of figures.count(nodes)) {
      const label = { [attributes.node]: name };
      for (const [state, count] of states) {
        result.observe(gauges.nodes, count, { ...label, [attributes.nodeState]: state });
      }
      for (const which of ["p50", "p99"] as const) {
        // NaN stands for no figure: without an observation the SDK would keep exporting the last value.
        result.observe(latencies[which], (latest.get(name)?.[which] ?? Number.NaN) / 1_000, label);
      }
    }
  };
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}

function countLocks({ locks, sources }: FrameAggregate, now: number): Map<string, number> {
  const counts = new Map<string, number>(statesInUse.map((state) => [state, 0]));
  for (const lock of locks.values()) {
    if (hasRunOut(lock, sources.get(lock.source), now)) continue;
    const [top = ""] = lock.state.split(".");
    // Frames are untrusted: their texts must not become labels.
    const count = counts.get(top);
    if (count !== undefined) counts.set(top, count + 1);
  }
  return counts;
}

function countProcesses(aggregate: FrameAggregate, now: number): Map<(typeof processStates)[number], number> {
  const counts = new Map(processStates.map((state) => [state, 0]));
  for (const view of aggregate.sources.values()) {
    const state = view.closed ? "closed" : isSilent(view, now) ? "silent" : "alive";
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return counts;
}

/** In ms, of the process that waits longest. */
interface Latency {
  readonly p50: number | null;
  readonly p99: number | null;
}

function latenciesOf(nodes: readonly NodeView[]): Map<string, Latency> {
  const found = new Map<string, Latency>();
  for (const { name, p50, p99 } of nodes) {
    const known = found.get(name);
    const longest = { p50: longer(known?.p50, p50), p99: longer(known?.p99, p99) };
    found.set(name, longest);
  }
  return found;
}

const longer = (a: number | null | undefined, b: number | null): number | null =>
  a === undefined || a === null || b === null ? (a ?? b) : Math.max(a, b);
