import type { Clock } from "../time/clock.js";
import type { Random } from "../time/random.js";

/**
 * Proposes fencing tokens: numbers that only grow. A proposal is the wall clock in µs or, if a higher number was seen or
 * proposed, that number increased by the time that has passed since. So the source keeps up with a clock that is ahead,
 * and most proposals are accepted in the round that grants the lock. A node accepts only a number above its record of the
 * resource. Acceptance by a quorum makes the number final, because the quorum of the next lease shares a node with this
 * quorum. (After Lamport's ballots, "The Part-Time Parliament", and the hybrid logical clocks of Kulkarni et al., 2014.)
 *
 * A number that was seen is increased by the time that passes and by one for each proposal, never by a margin: otherwise
 * sources would drive each other up. So the numbers stay below the clock that was furthest ahead plus one for each
 * proposal. That clock gains 1e6 a second; from today's 1.8e15 to the last safe integer, 9.0e15, it takes 228 years.
 */
export class FenceSource {
  private highest = 0;
  /**
   * `highest` corresponds to `base` (ms) at the monotonic time `at`, and increases with the monotonic clock. A step of
   * the wall clock has no effect.
   */
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
    // The digits below the ms are random: if nodes lost their memory, two processes must not propose the same number in
    // one ms.
    const byTime = time * 1000 + Math.floor(this.random.fraction() * 1000);
    // Next to the last safe integer only the next number is left.
    const next = this.highest + 1;
    this.highest = byTime > Number.MAX_SAFE_INTEGER ? next : Math.max(byTime, next);
    return this.highest;
  }

  /** Returns the next proposal after a refused one: above all numbers that the nodes have seen. */
  raise(seen: readonly number[]): number {
    this.follow(Math.max(...seen));
    this.highest += 1;
    return this.highest;
  }

  /**
   * Takes account of the highest number that a node has ever accepted. A node's record of one resource may be older: while the
   * nodes are being changed, processes with the previous nodes alone raise the number without the new nodes.
   */
  follow(seen: number): void {
    this.highest = Math.max(this.highest, seen);
    const time = Math.floor(this.highest / 1000);
    if (time > this.due) this.anchor(time);
  }

  /** The time in ms that corresponds to the highest number now. */
  private get due(): number {
    return this.base + Math.floor(this.clock.monotonic() - this.at);
  }

  private anchor(time: number): void {
    this.base = time;
    this.at = this.clock.monotonic();
  }
}
