import type { Job } from "bullmq";
import type { Lease } from "../../api/types.js";
import { InvalidOptionError, isHoldfastError } from "../../errors.js";
import { checkDuration } from "../../support/checks.js";
import {
  checkLocked,
  checkNames,
  type LockedOptions,
  type Resources,
  resourcesOf,
} from "../lease-options.js";

/** Options of {@link underLease}. The options of the acquisition have their usual defaults, but `wait` is 0. */
export interface JobLockOptions<Data, Result, Name extends string>
  extends LockedOptions<[job: Job<Data, Result, Name>]> {
  /**
   * What becomes of a job whose lock somebody else holds. "delay", the default: the worker is free for other jobs, and this one is
   * tried again when the holder's time is over, at most `delay` ms later; this counts as a started attempt of BullMQ, and not as a
   * made one. "fail": the job fails, and BullMQ's `attempts` and `backoff` decide.
   */
  readonly contended?: "delay" | "fail" | undefined;
  /** The most ms after which a delayed job is tried again. Default 5,000. */
  readonly delay?: number | undefined;
}

/** A processor of BullMQ that has a lease for its job. */
export type LeasedProcessor<Data, Result, Name extends string> = (
  job: Job<Data, Result, Name>,
  lease: Lease,
) => Result | Promise<Result>;

/** A processor as BullMQ's `Worker` takes it. */
export type JobProcessor<Data, Result, Name extends string> = (
  job: Job<Data, Result, Name>,
  token: string | undefined,
  signal: AbortSignal | undefined,
) => Promise<Result>;

/**
 * A processor for BullMQ's `Worker` that runs each job under a lease. The lease is renewed while the job runs. If the lease is
 * lost, `lease.signal` aborts, and the job fails with a LeaseExpiredError as soon as `processor` has settled, even if `processor`
 * returned a result. The signal of a job that BullMQ cancels aborts `lease.signal` too.
 *
 * @throws InvalidOptionError, ManagerClosedError.
 */
// biome-ignore lint/suspicious/noExplicitAny: as in BullMQ's own Job, for a key that says nothing about the data.
export function underLease<Data = any, Result = unknown, Name extends string = string>(
  options: JobLockOptions<Data, Result, Name>,
  processor: LeasedProcessor<Data, Result, Name>,
): JobProcessor<Data, Result, Name> {
  checkNames("underLease", options);
  const { locks, key, contended = "delay", delay = 5_000, wait = 0, ...others } = options;
  const acquire = { ...others, wait };
  if (contended !== "delay" && contended !== "fail")
    throw new InvalidOptionError("contended", contended, '"delay" or "fail"');
  checkDuration("delay", delay, 1, true);
  if (typeof processor !== "function") throw new InvalidOptionError("processor", processor, "a function");
  checkLocked(locks, key, acquire);
  // BullMQ gives a signal to processors with three parameters.
  return async (job, token, signal) => {
    const resources = await resourcesOf(key, [job]);
    let begun = false;
    const run = (lease: Lease) => {
      begun = true;
      return processor(job, lease);
    };
    try {
      return await locks.using(resources, { ...acquire, signal, rejectOnLoss: true }, run);
    } catch (error) {
      const left = begun || contended === "fail" ? null : timeLeft(error);
      if (left === null) throw error;
      await job.moveToDelayed(Date.now() + Math.min(left, delay), token);
      throw delayed(resources);
    }
  };
}

/** The ms for which a waiting line is kept for another: nobody knows how long that one will hold the lock. */
const unknownTime = 1_000;

/** The ms for which somebody else holds the lock. Null if the acquisition failed otherwise, or if the key never expires. */
function timeLeft(error: unknown): number | null {
  const contended =
    isHoldfastError(error, "LOCK_CONTENDED") ||
    (isHoldfastError(error, "ACQUIRE_TIMEOUT") && error.reason === "contended");
  if (!contended) return null;
  return error.holder === undefined ? unknownTime : error.holder.ttlLeft;
}

/** BullMQ knows by this name that the job was moved, and has not failed. */
function delayed(resources: Resources): Error {
  const error = new Error(`the lock of ${[resources].flat().join(", ")} is held by somebody else`);
  error.name = "DelayedError";
  return error;
}
