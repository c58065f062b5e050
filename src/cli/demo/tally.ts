import type { LockEvents } from "../../manager/events.js";
import type { Heard } from "./crew.js";

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
