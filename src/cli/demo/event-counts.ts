import type { LockEvents } from "../../lock/events.js";
import type { WorkerEvent } from "./worker-pool.js";

/** Counts how often each event was emitted. */
export class EventCounts {
  readonly #counts = new Map<keyof LockEvents, number>();

  count({ name }: WorkerEvent): void {
    this.#counts.set(name, this.of(name) + 1);
  }

  of(name: keyof LockEvents): number {
    return this.#counts.get(name) ?? 0;
  }
}
