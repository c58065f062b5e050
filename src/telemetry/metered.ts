import type { Meter } from "@opentelemetry/api";
import type { Manager } from "../manager/manager.js";
import { watchEventLoop } from "./event-loop.js";
import { gaugesOf, type Instruments, instrumentsOf } from "./instruments.js";
import { LockMetrics } from "./lock-metrics.js";
import { attributes, nodeStates, statesInUse } from "./names.js";

/**
 * All managers that are told of through one meter. Their figures add up: a meter has one gauge of a name, and what two
 * callbacks observe on it for the same labels does not.
 */
export class Metered {
  private readonly instruments: Instruments;
  private readonly managers = new Map<Manager, () => void>();
  private stopGauges: (() => void) | null = null;

  constructor(private readonly meter: Meter) {
    this.instruments = instrumentsOf(meter);
  }

  /** Returns the removal. Once for each manager, however often it is asked for. */
  add(manager: Manager): () => void {
    const remove = () => this.remove(manager);
    if (this.managers.has(manager)) return remove;
    this.managers.set(manager, manager.watch(new LockMetrics(manager, this.instruments, remove)));
    this.stopGauges ??= this.startGauges();
    return remove;
  }

  private remove(manager: Manager): void {
    this.managers.get(manager)?.();
    this.managers.delete(manager);
    if (this.managers.size > 0) return;
    this.stopGauges?.();
    this.stopGauges = null;
  }

  private startGauges(): () => void {
    const { meter } = this;
    const { inUse, nodes } = gaugesOf(meter);
    const observed = [inUse, nodes];
    const observe: Parameters<Meter["addBatchObservableCallback"]>[0] = (result) => {
      for (const [state, count] of this.countLocks()) {
        result.observe(inUse, count, { [attributes.lockState]: state });
      }
      for (const [name, states] of this.countNodes()) {
        for (const state of nodeStates) {
          const labels = { [attributes.node]: name, [attributes.nodeState]: state };
          result.observe(nodes, states.get(state) ?? 0, labels);
        }
      }
    };
    meter.addBatchObservableCallback(observe, observed);
    const stopLag = watchEventLoop(meter);
    return () => {
      meter.removeBatchObservableCallback(observe, observed);
      stopLag();
    };
  }

  private countLocks(): Map<string, number> {
    const counts = new Map<string, number>(statesInUse.map((state) => [state, 0]));
    for (const manager of this.managers.keys()) {
      for (const { state } of manager.inUse) counts.set(state, (counts.get(state) ?? 0) + 1);
    }
    return counts;
  }

  private countNodes(): Map<string, Map<string, number>> {
    const counts = new Map<string, Map<string, number>>();
    for (const manager of this.managers.keys()) {
      for (const { name, state } of manager.nodes) {
        const states = counts.get(name) ?? new Map<string, number>();
        counts.set(name, states.set(state, (states.get(state) ?? 0) + 1));
      }
    }
    return counts;
  }
}
