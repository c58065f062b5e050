import type { LockEvents } from "../../lock/events.js";
import type { Heard } from "./worker-pool.js";

/** How often each event was heard. */
export class Tally {
  readonly #counts = new Map<keyof LockEvents, number>();

  hear({ name }: Heard): void {
    this.#counts.set(name, this.of(name) + 1);
  }

  of(name: keyof LockEvents): number {
    return this.#counts.get(name) ?? 0;
  }
}
