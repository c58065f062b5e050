import { AcquireTimeoutError, LockContendedError, QuorumUnavailableError } from "./acquisition-errors.js";
import { adviceOn } from "./engine/protocol/advice.js";
import type { Vote } from "./engine/protocol/vote.js";
import { CannotListenError } from "./support/cannot-listen-error.js";
import { formatDuration } from "./support/duration.js";
import { brand, HoldfastError, type HoldfastErrorCode } from "./support/holdfast-error.js";
import { MembershipMismatchError } from "./support/membership-mismatch-error.js";
import { count, named } from "./support/names.js";
import { clip, show, withoutCredentials } from "./support/redaction.js";
import { UpgradeFailedError } from "./upgrade-failed-error.js";

export {
  AcquireTimeoutError,
  CannotListenError,
  HoldfastError,
  type HoldfastErrorCode,
  LockContendedError,
  MembershipMismatchError,
  QuorumUnavailableError,
  UpgradeFailedError,
};

type ErrorByCode = {
  LOCK_CONTENDED: LockContendedError;
  QUORUM_UNAVAILABLE: QuorumUnavailableError;
  ACQUIRE_TIMEOUT: AcquireTimeoutError;
  LEASE_EXPIRED: LeaseExpiredError;
  DUPLICATE_NODE: DuplicateNodeError;
  INVALID_OPTION: InvalidOptionError;
  HANDLE_BUSY: HandleBusyError;
  MANAGER_CLOSED: ManagerClosedError;
  OVERLOADED: OverloadedError;
  STALE_FENCE: StaleFenceError;
  CANNOT_LISTEN: CannotListenError;
  NODES_NOT_READY: NodesNotReadyError;
  MEMBERSHIP_MISMATCH: MembershipMismatchError;
  TERM_ENDED: TermEndedError;
  UPGRADE_FAILED: UpgradeFailedError;
};

/** Whether `error` is a Holdfast error, of any copy of the package, and has this `code` if one is given. */
export function isHoldfastError<Code extends HoldfastErrorCode = HoldfastErrorCode>(
  error: unknown,
  code?: Code,
): error is ErrorByCode[Code] {
  if (typeof error !== "object" || error === null) return false;
  try {
    return brand in error && (code === undefined || (error as { code?: unknown }).code === code);
  } catch {
    return false; // The value may be a proxy whose traps throw.
  }
}

/** Some of the `nodes` could not be connected or identified: within the timeout, or for a cause that does not end by itself. */
export class NodesNotReadyError extends HoldfastError {
  readonly code = "NODES_NOT_READY";

  override get name(): string {
    return "NodesNotReadyError";
  }

  constructor(
    /** The timeout of `ready`, in ms. */
    readonly timeout: number,
    /**
     * One failed vote, with the reason, for each node that is not ready; only those with a cause that does not end by itself,
     * if there is one.
     */
    readonly votes: readonly Vote[],
    /** The number of nodes. */ readonly nodes: number,
  ) {
    const reasons = votes.map((one) => `${one.node}: ${one.kind === "failed" ? one.message : "not ready"}`);
    const which = `${votes.length} of ${count(nodes, "node")}`;
    const listed = `(${reasons.join("; ")})`;
    const lasts = votes.some((vote) => vote.kind === "failed" && vote.lasting === true);
    super(
      lasts
        ? `${which} cannot get ready ${listed}${adviceOn(votes, false)}`
        : `${which} not ready within ${formatDuration(timeout)} ${listed}${adviceOn(votes, true)}. ` +
            "They are tried again whenever something is acquired",
    );
  }
}

/** Why a lease ended without a release. */
export type ExpiryReason = "deadline" | "taken" | "missing" | "maxHold" | "dropped" | "stalled";

const endReasons: Record<LeaseExpiredError["reason"], string> = {
  deadline: "its validity ran out before a renewal succeeded",
  taken: "a majority of nodes no longer holds it, and somebody else holds it there",
  missing: "its keys vanished from a majority of the nodes",
  maxHold: "it was held for maxHold",
  dropped: "it was garbage-collected without having been released",
  stalled: "the thread that held it was blocked for longer than stallLimit",
  released: "it was released",
  handedOver: "it was handed over",
  stale: "the handover is no longer what the nodes hold: it expired, or was adopted already",
};

const reasonOf = (reason: LeaseExpiredError["reason"], renew: boolean): string =>
  reason === "deadline" && !renew
    ? "its validity ran out, and it was not renewed automatically"
    : endReasons[reason];

/** The lease is over. The resources that it protected must no longer be used. */
export class LeaseExpiredError extends HoldfastError {
  readonly code = "LEASE_EXPIRED";

  override get name(): string {
    return "LeaseExpiredError";
  }

  /** Private, so that the result is not printed with the error. */
  readonly #result: unknown;
  constructor(
    readonly resources: readonly string[],
    readonly reason: ExpiryReason | "released" | "handedOver" | "stale",
    result?: unknown,
    /** The error with which closing the locks ended the lease. */
    cause?: Error,
    /** Whether the lease was renewed automatically. */
    renew = true,
  ) {
    const why = cause === undefined ? reasonOf(reason, renew) : "the locks were closed";
    super(`the lease of ${named(resources)} is over: ${why}`, cause === undefined ? undefined : { cause });
    this.#result = result;
  }

  /** The result of the job, if `using` rejects with this error because of `rejectOnLoss`. */
  get result(): unknown {
    return this.#result;
  }
}

/**
 * Why a term of an election ended. `resigned`: by `resign()`. `failed`: `onElected` threw or rejected. `closed`: the election or
 * its locks were closed. The other reasons are those of a lost lease.
 */
export type DeposedReason = ExpiryReason | "resigned" | "failed" | "closed";

const deposedReasons: Record<Exclude<DeposedReason, ExpiryReason>, string> = {
  resigned: "the leader resigned",
  failed: "onElected failed",
  closed: "the election was closed",
};

/** The leader's term is over, or its work must stop. Somebody else may lead. */
export class TermEndedError extends HoldfastError {
  readonly code = "TERM_ENDED";

  override get name(): string {
    return "TermEndedError";
  }

  constructor(
    /** The name of the election. */
    readonly election: string,
    /** The number of the term. */ readonly term: number,
    readonly reason: DeposedReason,
  ) {
    const why = { ...endReasons, ...deposedReasons }[reason];
    super(`term ${term} of the election ${named([election])} is over: ${why}`);
  }
}

/** Two of the given nodes are the same server, which would then vote twice. */
export class DuplicateNodeError extends HoldfastError {
  readonly code = "DUPLICATE_NODE";

  override get name(): string {
    return "DuplicateNodeError";
  }

  constructor(
    /** The names of both nodes. */
    readonly nodes: readonly [string, string],
    /** Whether the nodes are being changed, so that a node may be in `nodes` and in `previous`. */
    changing = false,
  ) {
    super(
      `nodes ${nodes[0]} and ${nodes[1]} are the same server: a quorum needs independent servers. ` +
        (changing
          ? "Give a server that is in `nodes` and in `previous` as the same client or the same address in both; within one list, remove one of them."
          : "Remove one of them, or give a client of another server."),
    );
  }
}

/** An option or argument is invalid. Thrown before any request is sent. */
export class InvalidOptionError extends HoldfastError {
  readonly code = "INVALID_OPTION";

  override get name(): string {
    return "InvalidOptionError";
  }

  readonly option: string;
  /** Private, so that the value is not printed with the error: the value may contain a password. */
  readonly #value: unknown;
  constructor(
    option: string,
    value: unknown,
    /** A description of the allowed values. */
    readonly allowed: string,
    shown = show(value),
    cause?: { readonly cause: unknown },
  ) {
    super(`${clip(option)} must be ${allowed}; got ${shown}`, cause);
    this.option = clip(option);
    this.#value = typeof value === "string" ? withoutCredentials(value) : value;
  }

  /** The value as given, without the credentials of an address. */
  get value(): unknown {
    return this.#value;
  }
}

/** `acquire()` was called on a handle that is neither idle nor expired. */
export class HandleBusyError extends HoldfastError {
  readonly code = "HANDLE_BUSY";

  override get name(): string {
    return "HandleBusyError";
  }

  constructor(
    readonly resources: readonly string[],
    readonly state: string,
  ) {
    super(
      `the handle of ${named(resources)} is ${state}: one handle has one lease at a time. ` +
        "Release it first, or make another handle.",
    );
  }
}

/** As many acquisitions are pending as `maxPending` allows. Nothing was sent to the nodes. */
export class OverloadedError extends HoldfastError {
  readonly code = "OVERLOADED";

  override get name(): string {
    return "OverloadedError";
  }

  constructor(
    readonly resources: readonly string[],
    readonly maxPending: number,
  ) {
    super(
      `${named(resources)} was not asked for: ${maxPending} acquisitions are pending already (maxPending). ` +
        "Try again later, wait for less time (wait), or set a higher maxPending.",
    );
  }
}

/** The storage refused a write, because a later lease with the newer fence `seen` has begun. Nothing was written. */
export class StaleFenceError extends HoldfastError {
  readonly code = "STALE_FENCE";

  override get name(): string {
    return "StaleFenceError";
  }

  constructor(
    readonly fence: number,
    /** The newer fence. */ readonly seen: number,
  ) {
    super(
      `the write with fence ${fence} was refused: fence ${seen} was used before, so a later lease has begun. ` +
        "Stop, and start over under a lease of your own: what was computed under this one may be out of date.",
    );
  }
}

/** The manager is closed or closing. */
export class ManagerClosedError extends HoldfastError {
  readonly code = "MANAGER_CLOSED";

  override get name(): string {
    return "ManagerClosedError";
  }

  constructor(
    /** What closing the manager ended the acquisition or the lease of. Empty if a call was refused. */
    readonly resources: readonly string[] = [],
  ) {
    const closed = "these locks are closed: nothing is acquired, extended or released through them any more";
    super(resources.length === 0 ? closed : `${named(resources)} was given up, because ${closed}`);
  }
}
