import { type QuarantineRule, roundTimeouts } from "../engine/node/abstention.js";
import type { LockMode } from "../engine/protocol/token.js";
import { driftOf } from "../engine/protocol/validity.js";
import type { RoundResult } from "../engine/quorum/round.js";
import type { Clock } from "../engine/time/clock.js";
import type { Random } from "../engine/time/random.js";
import { backoff, type RetryFunction, type RetryPolicy } from "../engine/time/retry.js";
import { InvalidOptionError } from "../errors.js";
import {
  checkBoolean,
  checkDuration,
  checkFunction,
  checkHoldAtLeast,
  checkSignal,
  checkTtl,
} from "../support/checks.js";
import type { LeaseState } from "./lease-state.js";
import { checkKnown } from "./option-checks.js";
import type { AcquireOptions, LocksOptions, UsingOptions } from "./options.js";

/** The options of one acquisition, checked and with all defaults filled in. */
export interface Settings {
  readonly ttl: number;
  readonly wait: number;
  readonly retry: RetryFunction;
  readonly renew: boolean;
  readonly maxHold: number;
  /** ms. The ttl is at least as long. */
  readonly holdAtLeast: number;
  readonly fence: boolean;
  readonly signal: AbortSignal | null;
  readonly onLost: AcquireOptions["onLost"] | null;
  /** Whether `using` rejects if the lease is lost while the job runs. */
  readonly rejectOnLoss: boolean;
  /** The share of the ttl by which clocks may disagree. */
  readonly driftFactor: number;
  /** A lease is renewed at least this many ms before its end, or after half its validity, whichever comes first. */
  readonly renewBefore: number;
  /**
   * Whether other processes may have the token and renew the lease too. The keys of such a lease are left to their ttl at
   * its deadline, and its timer does not keep the process alive unless the lease is renewed automatically.
   */
  readonly tokenShared: boolean;
  readonly roundObserver: RoundObserver | null;
  /** Whether the acquisition leaves a free lock to callers that have waited longer. */
  readonly fair: boolean;
  /** Whether the acquisition queues, in this process and on the nodes, and is notified of its turn. */
  readonly queued: boolean;
  /** Whether no retry policy was given. The acquisition then asks when notified, and often enough to keep its place. */
  readonly defaultRetry: boolean;
  /** The number of permits that an acquisition from a semaphore takes. */
  readonly weight: number;
  readonly mode: LockMode;
}

/** Observes the rounds of one lock and the end of its lease. Must not throw. */
export interface RoundObserver {
  round(operation: "acquire" | "renew" | "release", result: RoundResult): void;
  over(leaseState: LeaseState): void;
}

/** The settings that all locks of a manager share. */
export interface ManagerSettings {
  readonly clock: Clock;
  readonly random: Random;
  readonly prefix: string;
  readonly driftFactor: number;
  readonly owner: string;
  readonly nodeTimeout: number;
  /** Whether `nodeTimeout` follows from the ttl. A lease with a shorter ttl of its own then has a shorter one. */
  readonly derivesTimeout: boolean;
  readonly connectTimeout: number;
  readonly grouping: boolean;
  readonly maxPending: number;
  readonly quarantine: QuarantineRule;
  readonly unidentified: Exclude<LocksOptions["unidentified"], undefined>;
  readonly otherSets: Exclude<LocksOptions["otherSets"], undefined>;
  /** The default ttl of an acquisition, in ms. */
  readonly ttl: number;
  readonly onListenerError: (error: unknown, event: string) => void;
}

export const defaultTtl = 10_000;
const defaultWait = 10_000;

/** The settings of an acquisition without any options. */
const defaultsOf = ({ driftFactor, random }: ManagerSettings): Settings => ({
  ttl: defaultTtl,
  wait: defaultWait,
  retry: backoff({}, random),
  renew: true,
  maxHold: Number.POSITIVE_INFINITY,
  holdAtLeast: 0,
  fence: false,
  signal: null,
  onLost: null,
  rejectOnLoss: false,
  driftFactor,
  renewBefore: 0,
  tokenShared: false,
  roundObserver: null,
  fair: true,
  queued: true,
  defaultRetry: true,
  weight: 1,
  mode: "exclusive",
});

/**
 * Checks the given options, and returns the settings with them. The other settings stay those of `base`, by default the
 * defaults. An undefined option counts as not given; null does not. @throws InvalidOptionError.
 */
export function settingsOf(
  context: ManagerSettings,
  options: UsingOptions,
  base: Settings = defaultsOf(context),
): Settings {
  const { ttl, wait, retry, renew, maxHold, holdAtLeast, fence, fair, mode, signal, onLost, rejectOnLoss } =
    options;
  const settings: Mutable<Settings> = { ...base };
  if (ttl !== undefined) settings.ttl = checkTtl(ttl);
  if (wait !== undefined) {
    settings.wait = checkDuration("wait", wait, 0);
    settings.queued = wait > 0;
  }
  if (retry !== undefined) {
    settings.retry = retryOf(retry, context.random);
    settings.defaultRetry = false;
  }
  if (renew !== undefined) settings.renew = checkBoolean("renew", renew);
  if (maxHold !== undefined) settings.maxHold = checkDuration("maxHold", maxHold, 1);
  if (holdAtLeast !== undefined) settings.holdAtLeast = checkHoldAtLeast(holdAtLeast);
  if (settings.holdAtLeast > settings.maxHold) {
    const allowed = `at most maxHold, which is ${settings.maxHold} ms`;
    throw new InvalidOptionError("holdAtLeast", settings.holdAtLeast, allowed);
  }
  if (fence !== undefined) settings.fence = checkBoolean("fence", fence);
  if (fair !== undefined) settings.fair = checkBoolean("fair", fair);
  if (mode !== undefined) settings.mode = checkMode(mode);
  if (signal !== undefined) settings.signal = checkSignal(signal);
  if (rejectOnLoss !== undefined) settings.rejectOnLoss = checkBoolean("rejectOnLoss", rejectOnLoss);
  if (onLost !== undefined) settings.onLost = checkFunction("onLost", onLost);
  return settings;
}

/**
 * Returns the settings with a ttl that covers `holdAtLeast`, so that the nodes keep the lock even if this process dies.
 * `least`: ms for which the nodes must keep the lock in any case.
 */
export function coverHold(settings: Settings, least = 0): Settings {
  const holdAtLeast = Math.max(settings.holdAtLeast, least);
  const ttl = Math.max(settings.ttl, holdAtLeast);
  return holdAtLeast === 0 ? settings : { ...settings, holdAtLeast, ttl };
}

/** The maximum default node timeout, in ms: enough for round trips of 600 ms and some event loop lag. */
const maxDefaultTimeout = 1_000;

/** Returns the default node timeout in ms: a quarter of the ttl, so that a renewal can be tried again, within limits. */
export const defaultNodeTimeout = (ttl: number): number =>
  Math.max(1, Math.min(Math.floor(ttl / 4), maxDefaultTimeout));

/**
 * Returns the node timeout for a ttl, in ms: at most half the validity, because a later answer would leave too little of
 * it. For a ttl without any validity the full node timeout applies, so that the attempt fails for the right reason.
 */
export function timeoutFor(
  { nodeTimeout, derivesTimeout, driftFactor }: ManagerSettings,
  ttl: number,
): number {
  const validity = ttl - driftOf(ttl, driftFactor);
  if (validity <= 0) return nodeTimeout;
  const most = derivesTimeout ? Math.min(nodeTimeout, defaultNodeTimeout(ttl)) : nodeTimeout;
  return Math.max(1, Math.min(most, Math.floor(validity / 2)));
}

/**
 * The maximum duration of a round, in ms. A slower round is not accepted, even if the event loop was blocked, so that every
 * accepted answer is known to have arrived within this time. The abstention of nodes that lost their memory relies on this.
 */
export const roundLimit = ({ nodeTimeout }: ManagerSettings): number => roundTimeouts * nodeTimeout;

function checkMode(mode: unknown): LockMode {
  if (mode === "exclusive" || mode === "shared") return mode;
  throw new InvalidOptionError("mode", mode, '"exclusive" or "shared"');
}

function retryOf(retry: RetryPolicy | RetryFunction, random: Random): RetryFunction {
  if (typeof retry === "function") return retry;
  if (typeof retry !== "object" || retry === null) {
    throw new InvalidOptionError(
      "retry",
      retry,
      "a function, or an object with count, delay, maxDelay and jitter",
    );
  }
  checkKnown("retry", retry, "retry");
  const { count, delay, maxDelay, jitter } = retry;
  if (
    count !== undefined &&
    !(count === Number.POSITIVE_INFINITY || (Number.isInteger(count) && count >= 0))
  ) {
    throw new InvalidOptionError("retry.count", count, "an integer from 0, or Infinity");
  }
  if (delay !== undefined) checkDuration("retry.delay", delay, 0, true);
  if (maxDelay !== undefined) checkDuration("retry.maxDelay", maxDelay, 0, true);
  if (jitter !== undefined && jitter !== "full" && typeof jitter !== "number") {
    throw new InvalidOptionError("retry.jitter", jitter, 'a finite number of ms, at least 0, or "full"');
  }
  if (typeof jitter === "number") checkDuration("retry.jitter", jitter, 0, true);
  return backoff(retry, random);
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
