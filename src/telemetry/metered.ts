import type { Meter } from "@opentelemetry/api";
import type { Manager } from "../manager/manager.js";
import { EventLoop } from "./event-loop.js";
import { gaugesOf, type Instruments, instrumentsOf, lagGaugesOf } from "./instruments.js";
import { LockMetrics } from "./lock-metrics.js";
import { attributes, statesInUse } from "./names.js";
import { NodeFigures } from "./node-figures.js";

/**
 * The metrics of all managers that report to one meter. Their figures are summed, because a meter has one gauge per
 * name, and observations by several callbacks for the same labels do not add up.
 */
export class Metered {
  private readonly instruments: Instruments;
  private readonly managers = new Map<Manager, () => void>();
  private readonly nodes = new NodeFigures();
  private readonly loop = new EventLoop();
  private observes = false;

  constructor(private readonly meter: Meter) {
    this.instruments = instrumentsOf(meter);
  }

  /** Adds a manager; adding it again has no effect. Returns a function that removes the manager. */
  add(manager: Manager): () => void {
    const remove = () => this.remove(manager);
    if (this.managers.has(manager)) return remove;
    this.managers.set(manager, manager.watch(new LockMetrics(manager, this.instruments, remove)));
    this.loop.start();
    if (!this.observes) this.observe();
    this.observes = true;
    return remove;
  }

  private remove(manager: Manager): void {
    this.managers.get(manager)?.();
    this.managers.delete(manager);
    if (this.managers.size === 0) this.loop.stop();
  }

  /** Registers the callback for good: values that are no longer observed would stay as they were. */
  private observe(): void {
    const gauges = gaugesOf(this.meter);
    const lags = lagGaugesOf(this.meter);
    this.meter.addBatchObservableCallback(
      (result) => {
        for (const [state, count] of this.countLocks()) {
          result.observe(gauges.inUse, count, { [attributes.lockState]: state });
        }
        const nodes = [...this.managers.keys()].flatMap((manager) => manager.nodes);
        for (const [name, states] of this.nodes.count(nodes)) {
          for (const [state, count] of states) {
            result.observe(gauges.nodes, count, { [attributes.node]: name, [attributes.nodeState]: state });
          }
        }
        const lag = this.loop.take();
        if (lag === null) return;
        for (const which of ["p50", "p99", "max"] as const) result.observe(lags[which], lag[which]);
      },
      [...Object.values(gauges), ...Object.values(lags)],
    );
  }

  private countLocks(): Map<string, number> {
    const counts = new Map<string, number>(statesInUse.map((state) => [state, 0]));
    for (const manager of this.managers.keys()) {
      for (const { state } of manager.inUse) counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return counts;
  }
}
