import type { Lease } from "../../api/types.js";

/**
 * Measures exclusion instead of assuming it: checks at every grant whether another worker still has a valid lease.
 */
export class Occupancy {
  readonly #inside = new Map<string, Lease>();
  #entries = 0;
  #overlaps = 0;

  get entries(): number {
    return this.#entries;
  }

  get overlaps(): number {
    return this.#overlaps;
  }

  enter(worker: string, lease: Lease): void {
    this.#entries += 1;
    for (const [other, held] of this.#inside)
      if (other !== worker && held.remaining() > 0) this.#overlaps += 1;
    this.#inside.set(worker, lease);
  }

  /** Must be called before the release is sent, because another worker may enter from then on. */
  leave(worker: string): void {
    this.#inside.delete(worker);
  }
}
