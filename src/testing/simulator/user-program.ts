import type { Locks } from "../../api/types.js";
import type { Clock } from "../../engine/time/clock.js";

/** One incarnation of a simulated process, as its program sees it. */
export interface SimulatedProcess {
  /** "h0", "h1" and so on; "h0.2" is the second incarnation of h0. */
  readonly name: string;
  /** The index of the process, from 0; the same in each incarnation. */
  readonly index: number;
  /** The locks of this process, over its own connections. */
  readonly locks: Locks;
  /** The clocks of this process, which drift and may be stepped. */
  readonly clock: Clock;
  /** Whether the faults are over, so that the program should end. */
  over(): boolean;
  /** Returns a number from 0 (included) to 1 (excluded), decided by the seed. */
  random(): number;
  /** Sleeps for `ms` by the clock of this process. Rejects with an InvalidOptionError for an invalid duration. */
  sleep(ms: number): Promise<void>;
}

/**
 * The program of a process. A HoldfastError that it throws ends the incarnation; any other error counts as a violation,
 * so the program can assert what it relies on.
 */
export type UserProgram = (process: SimulatedProcess) => void | Promise<void>;
