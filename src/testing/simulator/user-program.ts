import type { Locks } from "../../api/types.js";
import type { Clock } from "../../engine/time/clock.js";

/** One life of a simulated process, as its program sees it. */
export interface SimulatedProcess {
  /** "h0", "h1" and so on; "h0.2" is the second life of h0. */
  readonly name: string;
  /** From 0; the same in each life. */
  readonly index: number;
  /** Its own locks, over its own connections. */
  readonly locks: Locks;
  /** Its own clocks: they drift, and may be set. */
  readonly clock: Clock;
  /** Whether the faults are over, and programs are to come to their end. */
  over(): boolean;
  /** From 0 (included) to 1 (excluded). */
  random(): number;
  /** ms by its own clock. */
  sleep(ms: number): Promise<void>;
}

/**
 * What a process runs. A HoldfastError that it lets out ends this life of it; anything else that it throws counts as a
 * violation, so that it can check what it relies on.
 */
export type UserProgram = (process: SimulatedProcess) => void | Promise<void>;
