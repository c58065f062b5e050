import type { HeldHere } from "../engine/protocol/contention.js";
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
import type { LockInternals } from "./lock-internals.js";
import { lossReason } from "./loss.js";
import type { Settings } from "./settings.js";

/** A failed attempt: its reason, its number (from 1) and the votes. */
export interface FailedAttempt {
  readonly reason: RetryReason;
  readonly attempt: number;
  readonly votes: readonly Vote[];
}

/** The operation that errors report for an acquisition that continues an existing lease. */
const operations = { handover: "adopt", shared: "renew" } as const;

/** An acquisition that failed. */
interface FailedAcquisition {
  readonly settings: Pick<Settings, "wait">;
  readonly origin: Origin | null;
  readonly attempts: number;
  readonly failedAttempt: FailedAttempt | null;
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

/** Returns the lease of this manager that holds what the nodes denied, if there is one. */
export function heldHere(
  { keys, manager }: Pick<LockInternals, "keys" | "manager">,
  votes: readonly Vote[],
): HeldHere | undefined {
  const holders = votes.flatMap((vote) => (vote.kind === "denied" && vote.holder ? [vote.holder] : []));
  // A token that the user chose has no label.
  const own = holders.filter(({ owner }) => owner === null || owner === manager.owner);
  return manager.activeLocks.holderOf(holders.length === 0 ? keys : own.map(({ key }) => key));
}

function lastError(
  lock: LockInternals,
  { origin, attempts, failedAttempt }: FailedAcquisition,
): LockContendedError | QuorumUnavailableError | undefined {
  const { resources, manager } = lock;
  const contended = (attempt: number, votes: readonly Vote[]) =>
    new LockContendedError(resources, attempt, votes, heldHere(lock, votes));
  if (failedAttempt === null) return attempts > 0 ? undefined : contended(0, []);
  const { reason, attempt, votes } = failedAttempt;
  if (reason === "contended") return contended(attempt, votes);
  const operation = origin === null ? "acquire" : operations[origin.kind];
  const nodes = manager.engine.members.length;
  return new QuorumUnavailableError(resources, operation, attempt, votes, nodes, reason);
}
