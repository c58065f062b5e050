import type { Random } from "./random.js";

/** Why an attempt failed: another client holds the lock, too few nodes answered, or the nodes answered too late. */
export type RetryReason = "contended" | "noQuorum" | "tooSlow";

/** Returns the ms to wait before the next attempt, or false to give up. `attempt` counts from 1. */
export type RetryFunction = (attempt: number, reason: RetryReason) => number | false;

/** How failed attempts are repeated. */
export interface RetryPolicy {
  /** How many attempts may follow the first one. Default: Infinity (`wait` limits the attempts). */
  readonly count?: number | undefined;
  /** ms before the first retry; the delay doubles with each retry. Default 50. */
  readonly delay?: number | undefined;
  /** Maximum delay in ms. Default 1000. */
  readonly maxDelay?: number | undefined;
  /**
   * "full": a uniformly random delay from 0 to the delay (AWS Architecture Blog, "Exponential Backoff And Jitter"), the
   * default. A number: up to this many ms are added to the delay or subtracted from it. 0: no jitter.
   */
  readonly jitter?: "full" | number | undefined;
}

/** Converts a policy to a retry function. */
export function backoff(policy: RetryPolicy, random: Random): RetryFunction {
  const { count = Number.POSITIVE_INFINITY, delay = 50, maxDelay = 1_000, jitter = "full" } = policy;
  return (attempt) => {
    if (attempt > count) return false;
    const ceiling = Math.min(delay * 2 ** Math.min(attempt - 1, 52), maxDelay);
    if (jitter === "full") return random.fraction() * ceiling;
    return Math.max(0, ceiling + (random.fraction() * 2 - 1) * jitter);
  };
}
