import type { RetryReason } from "../engine/time/retry.js";
import { InvalidOptionError } from "../errors.js";
import { ignoreRejection } from "../support/safe-emitter.js";
import { testSafely } from "../support/untrusted.js";
import type { Settings } from "./settings.js";

/**
 * Calls the retry policy, which may be user code. Returns the ms until the next attempt, null to give up, or an error if
 * the policy throws or returns an invalid value.
 */
export function retryDelayOf(
  settings: Settings,
  attempts: number,
  reason: RetryReason,
): number | null | Error {
  try {
    const delay = settings.retry(attempts, reason);
    if (delay === false) return null;
    if (typeof delay === "number" && delay >= 0 && delay !== Number.POSITIVE_INFINITY) return delay;
    ignoreRejection(delay);
    return new InvalidOptionError(
      "retry",
      delay,
      "a function that returns ms, at least 0 and finite, or false",
    );
  } catch (error) {
    return testSafely(() => error instanceof Error)
      ? (error as Error)
      : new InvalidOptionError("retry", error, "a function that throws nothing");
  }
}
