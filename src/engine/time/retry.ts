import type { Random } from "./random.js";

/** Why an attempt failed: taken by somebody else, too few nodes answered, or they answered too late. */
export type RetryReason = "contended" | "noQuorum" | "tooSlow";

/** Milliseconds to wait before the next attempt, or false to give up. `attempt` counts from 1. */
export type RetryFunction = (attempt: number, reason: RetryReason) => number | false;

/** How failed attempts are repeated. */
export interface RetryPolicy {
  /** How many attempts may follow the first one. Default: Infinity (`wait` is what bounds them). */
  readonly count?: number;
  /** ms before the first retry; doubles with each one. Default 50. */
  readonly delay?: number;
  /** ms that a delay never exceeds. Default 1000. */
  readonly maxDelay?: number;
  /**
   * "full": uniformly from 0 to the delay (AWS Architecture Blog, "Exponential Backoff And Jitter"), the default.
   * A number: that many ms at most are added to, or taken from, the delay. 0: none.
   */
  readonly jitter?: "full" | number;
}

/** The policy as the function it stands for. */
export function backoff(policy: RetryPolicy, random: Random): RetryFunction {
  const { count = Number.POSITIVE_INFINITY, delay = 50, maxDelay = 1_000, jitter = "full" } = policy;
  return (attempt) => {
    if (attempt > count) return false;
    const ceiling = Math.min(delay * 2 ** Math.min(attempt - 1, 52), maxDelay);
    if (jitter === "full") return random.fraction() * ceiling;
    return Math.max(0, ceiling + (random.fraction() * 2 - 1) * jitter);
  };
}
