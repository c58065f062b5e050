import type { Origin } from "../engine/quorum/origin.js";
import type { Instant } from "../engine/time/clock.js";
import {
  AcquireTimeoutError,
  LeaseExpiredError,
  LockContendedError,
  QuorumUnavailableError,
} from "../errors.js";
import type { FailureEvent } from "../machines/lock-events.js";
import { blockingHolder, heldHere } from "./blocking-holder.js";
import type { LockInternals } from "./lock-internals.js";
import { lossReason } from "./loss.js";
import type { Settings } from "./settings.js";
import type { QueuedAcquisition } from "./waiting/local-queue.js";

/** The operation that errors report for an acquisition that continues an existing lease. */
const operations = { handover: "adopt", sharedToken: "renew" } as const;

/** An acquisition that failed. */
interface FailedAcquisition extends QueuedAcquisition {
  readonly settings: Pick<Settings, "wait" | "weight">;
  readonly origin: Origin | null;
  readonly since: Instant;
  readonly attempts: number;
}

/** Returns the error with which the acquisition rejects. */
export function acquisitionError(
  event: FailureEvent,
  lock: LockInternals,
  acquisition: FailedAcquisition,
): unknown {
  const { resources } = lock;
  const { origin, settings, attempts } = acquisition;
  if (event.type === "ABORT" || event.type === "REFUSED") return event.error;
  if (event.type === "TIMED_OUT")
    return new AcquireTimeoutError(resources, settings.wait, attempts, lastError(lock, acquisition));
  if (origin === null || event.reason !== "contended") return lastError(lock, acquisition);
  if (origin.kind === "handover") return new LeaseExpiredError(resources, "stale");
  return new LeaseExpiredError(resources, lossReason(event.votes));
}

/** The error of the last attempt of this acquisition, or of the caller of this process that came before. */
function lastError(
  lock: LockInternals,
  acquisition: FailedAcquisition,
): LockContendedError | QuorumUnavailableError {
  const { resources, manager } = lock;
  const { origin, attempts, since, settings } = acquisition;
  const lastAttempt =
    acquisition.lastAttempt ??
    (attempts > 0 ? null : manager.localQueue.lastAttemptFor(acquisition, manager.clock, since));
  const { votes = [], reason = "contended" } = lastAttempt ?? {};
  if (reason === "contended") {
    const holder = lastAttempt === null ? undefined : blockingHolder(lock, lastAttempt);
    const { pool } = lock;
    const permits = pool === null ? undefined : { weight: settings.weight, permits: pool.number };
    return new LockContendedError(resources, attempts, votes, heldHere(lock, votes), holder, permits);
  }
  const operation = origin === null ? "acquire" : operations[origin.kind];
  const { membership } = manager.engine;
  const nodes = membership.names.length;
  return new QuorumUnavailableError(
    resources,
    operation,
    attempts,
    votes,
    nodes,
    reason,
    membership.joint,
    membership.canReachQuorum(votes),
  );
}
