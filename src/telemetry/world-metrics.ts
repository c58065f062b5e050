import type { Meter } from "@opentelemetry/api";
import type { FrameAggregate } from "../inspector/feed/frame-aggregate.js";
import type { NodeView, Totals } from "../inspector/feed/frames.js";
import { noTotals, totalNames } from "../inspector/feed/totals.js";
import { gaugesOf } from "./instruments.js";
import { attributes, statesInUse } from "./names.js";
import { NodeFigures } from "./node-figures.js";

/** ms without a word, at a beat a second, after which a process counts as silent. */
const silence = 5_000;

/** So many processes are remembered when the world has forgotten them, lest one that comes back be counted twice. */
const mostRemembered = 10_000;

const processStates = ["alive", "silent", "closed"] as const;

/** Under the names of one process's own metrics, summed over all. Returns the end. */
export function observeAggregate(meter: Meter, aggregate: FrameAggregate): () => void {
  const sums = new Sums();
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
  } as const satisfies Record<keyof Totals, unknown>;
  const gauges = gaugesOf(meter);
  const latency = (which: "p50" | "p99") =>
    meter.createObservableGauge(`holdfast.node.latency.${which}`, {
      unit: "s",
      description: `Time from a request to a node until its answer, ${which}; of the process that waits longest`,
    });
  const latencies = { p50: latency("p50"), p99: latency("p99") };
  const processes = meter.createObservableUpDownCounter("holdfast.processes", {
    unit: "{process}",
    description: "Managers of locks that tell of themselves; silent: not heard of for 5 s",
  });
  const observed = [...Object.values(counters), ...Object.values(gauges), ...Object.values(latencies)];
  const all = [...observed, processes];
  const observe: Parameters<Meter["addBatchObservableCallback"]>[0] = (result) => {
    const totals = sums.add(aggregate);
    for (const name of totalNames) result.observe(counters[name], totals[name]);
    for (const [state, count] of countLocks(aggregate)) {
      result.observe(gauges.inUse, count, { [attributes.lockState]: state });
    }
    for (const [state, count] of countProcesses(aggregate, Date.now())) {
      result.observe(processes, count, { [attributes.processState]: state });
    }
    const nodes = [...aggregate.sources.values()].flatMap(({ beat, closed }) => (closed ? [] : beat.nodes));
    const latest = latenciesOf(nodes);
    for (const [name, states] of figures.count(nodes)) {
      const label = { [attributes.node]: name };
      for (const [state, count] of states) {
        result.observe(gauges.nodes, count, { ...label, [attributes.nodeState]: state });
      }
      for (const which of ["p50", "p99"] as const) {
        // No figure is one, too: the SDK would go on with the last one.
        result.observe(latencies[which], (latest.get(name)?.[which] ?? Number.NaN) / 1_000, label);
      }
    }
  };
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}

/** The totals of all processes. They only grow, also when a process is forgotten. */
class Sums {
  private readonly totals = { ...noTotals };
  /** What was added of each process. */
  private readonly added = new Map<string, Totals>();

  add(aggregate: FrameAggregate): Totals {
    for (const [source, { beat }] of aggregate.sources) {
      const known = this.added.get(source);
      for (const name of totalNames) {
        this.totals[name] += Math.max(0, beat.totals[name] - (known?.[name] ?? 0));
      }
      // To the end: the first one is the one that was there longest ago.
      this.added.delete(source);
      this.added.set(source, beat.totals);
    }
    for (const source of this.added.keys()) {
      if (this.added.size <= mostRemembered) break;
      if (!aggregate.sources.has(source)) this.added.delete(source);
    }
    return this.totals;
  }
}

function countLocks(aggregate: FrameAggregate): Map<string, number> {
  const counts = new Map<string, number>(statesInUse.map((state) => [state, 0]));
  for (const { state } of aggregate.locks.values()) {
    const [top = ""] = state.split(".");
    // Frames may come from anybody: no label is made of what they say.
    const count = counts.get(top);
    if (count !== undefined) counts.set(top, count + 1);
  }
  return counts;
}

function countProcesses(aggregate: FrameAggregate, now: number): Map<(typeof processStates)[number], number> {
  const counts = new Map(processStates.map((state) => [state, 0]));
  for (const { closed, heard } of aggregate.sources.values()) {
    const state = closed ? "closed" : now - heard > silence ? "silent" : "alive";
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return counts;
}

/** ms, of the process that waits longest. */
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
