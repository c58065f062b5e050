import type { Vote } from "../engine/protocol/vote.js";
import type { Origin } from "../engine/quorum/origin.js";
import type { RetryReason } from "../engine/time/retry.js";
import {
  AcquireTimeoutError,
  LeaseExpiredError,
  LockContendedError,
  QuorumUnavailableError,
} from "../errors.js";
import type { FailureEvent } from "../machines/lock-events.js";
import { lossReason } from "./loss.js";

/** A failed attempt: its reason, its number (from 1) and the votes. */
export interface FailedAttempt {
  readonly reason: RetryReason;
  readonly attempt: number;
  readonly votes: readonly Vote[];
}

/** The operation that errors report for an acquisition that continues an existing lease. */
const operations = { handover: "adopt", shared: "renew" } as const;

/** The data of an acquisition that failed. */
interface FailedAcquisition {
  readonly resources: readonly string[];
  /** The option `wait`, in ms. */
  readonly wait: number;
  readonly origin: Origin | null;
  readonly attempts: number;
  readonly last: FailedAttempt | null;
  readonly nodes: number;
}

/** Returns the error with which the acquisition rejects. */
export function acquisitionError(event: FailureEvent, failed: FailedAcquisition): unknown {
  const { resources, origin, wait, attempts } = failed;
  if (event.type === "ABORT" || event.type === "REFUSED") return event.error;
  if (event.type === "TIMED_OUT")
    return new AcquireTimeoutError(resources, wait, attempts, lastError(failed));
  if (origin === null || event.reason !== "contended") return lastError(failed);
  if (origin.kind === "handover") return new LeaseExpiredError(resources, "stale");
  return new LeaseExpiredError(resources, lossReason(event.votes));
}

function lastError({
  resources,
  origin,
  attempts,
  last,
  nodes,
}: FailedAcquisition): LockContendedError | QuorumUnavailableError | undefined {
  if (last === null) return attempts > 0 ? undefined : new LockContendedError(resources, 0, []);
  const { reason, attempt, votes } = last;
  if (reason === "contended") return new LockContendedError(resources, attempt, votes);
  const operation = origin === null ? "acquire" : operations[origin.kind];
  return new QuorumUnavailableError(resources, operation, attempt, votes, nodes, reason);
}
