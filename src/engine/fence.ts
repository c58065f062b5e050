import type { Clock } from "./clock.js";
import type { Random } from "./random.js";

/**
 * Proposes fencing tokens: numbers that only grow. A proposal is the larger of the wall clock in µs and one more than
 * the highest number seen, so that most are accepted in the round that grants the lock. A node accepts only what is
 * above its record of the resource; a quorum of acceptances makes it final, because the next lease's quorum shares a
 * node with this one's. (After Lamport's ballots, "The Part-Time Parliament".)
 */
export class FenceSource {
  private highest = 0;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  propose(): number {
    // Chance below the ms: where nodes forget, two processes of one ms must not come to the same number.
    const time = Math.floor(this.clock.wall()) * 1000 + Math.floor(this.random.fraction() * 1000);
    this.highest = Math.max(time, this.highest + 1);
    return this.highest;
  }

  /** A node has seen this number already. */
  note(seen: number): void {
    this.highest = Math.max(this.highest, seen);
  }
}
