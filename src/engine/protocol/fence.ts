import type { Clock } from "../time/clock.js";
import type { Random } from "../time/random.js";

/**
 * Proposes fencing tokens: numbers that only grow. A proposal is the wall clock in µs or, where a higher number was seen
 * or proposed, that number moved on by the time that has passed since: behind a clock that is ahead the source keeps up,
 * and most proposals are accepted in the round that grants the lock. A node accepts only what is above its record of the
 * resource; a quorum of acceptances makes it final, because the next lease's quorum shares a node with this one's.
 * (After Lamport's ballots, "The Part-Time Parliament", and the hybrid logical clocks of Kulkarni et al., 2014.)
 *
 * What was seen is increased by the time that passes and by one for each proposal, never by a margin: otherwise sources
 * would drive each other up. So the numbers stay below the clock that was furthest ahead plus one for each proposal. That
 * clock gains 1e6 a second; from today's 1.8e15 to the last safe integer, 9.0e15, it takes 228 years.
 */
export class FenceSource {
  private highest = 0;
  /** ms: `highest` is due at `at`, by the monotonic clock, and moves on with it. A wall clock that steps moves nothing. */
  private base = 0;
  private at: number;

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {
    this.at = clock.monotonic();
  }

  propose(): number {
    const wall = Math.floor(this.clock.wall());
    const time = Math.max(wall, this.due);
    if (time === wall) this.anchor(wall);
    // Chance below the ms: where nodes forget, two processes of one ms must not come to the same number.
    this.highest = Math.max(time * 1000 + Math.floor(this.random.fraction() * 1000), this.highest + 1);
    return this.highest;
  }

  /** The next proposal after one that was refused: above all that the nodes have seen. */
  raise(seen: readonly number[]): number {
    this.highest = Math.max(this.highest, ...seen);
    const time = Math.floor(this.highest / 1000);
    if (time > this.due) this.anchor(time);
    this.highest += 1;
    return this.highest;
  }

  /** ms that the highest number has come to by now. */
  private get due(): number {
    return this.base + Math.floor(this.clock.monotonic() - this.at);
  }

  private anchor(time: number): void {
    this.base = time;
    this.at = this.clock.monotonic();
  }
}
