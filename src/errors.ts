import type { Holder, Vote } from "./engine/protocol/vote.js";
import { formatDuration } from "./support/duration.js";
import { named } from "./support/names.js";
import { clip, show, withoutCredentials } from "./support/redaction.js";

const brand = Symbol.for("holdfast.error");

/** Every code a {@link HoldfastError} may carry; stable across versions. */
export type HoldfastErrorCode =
  | "LOCK_CONTENDED"
  | "QUORUM_UNAVAILABLE"
  | "ACQUIRE_TIMEOUT"
  | "LEASE_EXPIRED"
  | "DUPLICATE_NODE"
  | "INVALID_OPTION"
  | "HANDLE_BUSY"
  | "MANAGER_CLOSED"
  | "OVERLOADED"
  | "STALE_FENCE"
  | "CANNOT_LISTEN"
  | "NODES_NOT_READY";

/** What all errors of this package extend: a stable `code`, a message that says what to do, and data. */
export abstract class HoldfastError extends Error {
  abstract readonly code: HoldfastErrorCode;
  /** Present on every copy of the package, so that {@link isHoldfastError} works across copies. */
  readonly [brand] = true;

  override get name(): string {
    return this.constructor.name;
  }
}

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
};

/** Whether `error` was thrown by Holdfast (any copy of it), optionally with this very `code`. */
export function isHoldfastError<Code extends HoldfastErrorCode = HoldfastErrorCode>(
  error: unknown,
  code?: Code,
): error is ErrorByCode[Code] {
  if (typeof error !== "object" || error === null) return false;
  try {
    return brand in error && (code === undefined || (error as { code?: unknown }).code === code);
  } catch {
    // Anything may be thrown, a proxy that throws in its turn as well.
    return false;
  }
}

function describe(holder: Holder | undefined): string {
  if (holder === undefined) return "somebody, or kept for somebody who has waited longer";
  const who = holder.owner === null ? `a foreign client (token hash ${holder.tokenHash})` : holder.owner;
  if (holder.type !== "string") return `a key of type ${holder.type}, which is not a lock`;
  return holder.ttlLeft === null
    ? `${who}, without an expiry`
    : `${who} for up to ${formatDuration(holder.ttlLeft)}`;
}

/** The resource is held by somebody else: more nodes denied it than a quorum can spare. */
export class LockContendedError extends HoldfastError {
  readonly code = "LOCK_CONTENDED";
  /** Who holds it, as the node with the longest remaining ttl reported it; undefined if no node could tell. */
  readonly holder: Holder | undefined;
  constructor(
    readonly resources: readonly string[],
    /** How many attempts were made. */
    readonly attempts: number,
    readonly votes: readonly Vote[],
  ) {
    const holder = longest(votes);
    const which = resources.length > 1 && holder !== undefined ? ` (the key ${named([holder.key])})` : "";
    const passing = holder === undefined || (holder.type === "string" && holder.ttlLeft !== null);
    const why =
      attempts === 0
        ? "is wanted by others in this process, who came before; gave up before the first attempt."
        : `is held by ${describe(holder)}${which}; gave up after ${count(attempts, "attempt")}.`;
    const advice = passing
      ? "Wait longer (wait, retry) or try again later."
      : "Waiting will not help: look at that key.";
    super(`${named(resources)} ${why} ${advice}`);
    this.holder = holder;
  }
}

function longest(votes: readonly Vote[]): Holder | undefined {
  let found: Holder | undefined;
  for (const vote of votes) {
    if (vote.kind !== "denied" || vote.holder === null) continue;
    const left = vote.holder.ttlLeft ?? Number.POSITIVE_INFINITY;
    if (found === undefined || left > (found.ttlLeft ?? Number.POSITIVE_INFINITY)) found = vote.holder;
  }
  return found;
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

/** Too few nodes answered for a decision: not contention, but nodes that failed, timed out or answered too late. */
export class QuorumUnavailableError extends HoldfastError {
  readonly code = "QUORUM_UNAVAILABLE";
  constructor(
    readonly resources: readonly string[],
    /** What was being done: "acquire", "renew", "adopt". */
    readonly operation: string,
    readonly attempts: number,
    /** Each vote that had come in when it was clear; a failed one carries its reason. */
    readonly votes: readonly Vote[],
    /** How many nodes were asked. */
    readonly nodes: number,
    reason: "noQuorum" | "tooSlow" = "noQuorum",
  ) {
    const answered = `${votes.length} of ${count(nodes, "node")} answered, but too late`;
    const granted = votes.filter((vote) => vote.kind === "granted").length;
    const unheard = nodes - votes.length;
    const failures = votes
      .filter((vote) => vote.kind !== "granted")
      .map((vote) => `${vote.node}: ${vote.kind === "failed" ? vote.message : "denied"}`);
    if (unheard > 0) failures.push(`not waited for ${unheard} more, which could not change it`);
    super(
      reason === "tooSlow"
        ? `could not ${operation} ${named(resources)}: ${answered}: no validity was left of the ttl, or more than four node ` +
            "timeouts had passed. Use a longer ttl or nodeTimeout, or look at the nodes' latency and at what keeps the event loop busy"
        : `could not ${operation} ${named(resources)}: ${granted} of ${count(nodes, "node")} granted, ` +
            `after ${count(attempts, "attempt")}${failures.length > 0 ? ` (${failures.join("; ")})` : ""}`,
    );
  }
}

/** `ready()` ran out of time: some nodes could not be connected, or do not tell who they are. */
export class NodesNotReadyError extends HoldfastError {
  readonly code = "NODES_NOT_READY";
  constructor(
    /** ms. */
    readonly timeout: number,
    /** One failed vote for each node that is not ready, with the reason. */
    readonly votes: readonly Vote[],
    /** How many nodes there are. */
    readonly nodes: number,
  ) {
    const failures = votes.map(
      (vote) => `${vote.node}: ${vote.kind === "failed" ? vote.message : "not ready"}`,
    );
    super(
      `${votes.length} of ${count(nodes, "node")} not ready within ${formatDuration(timeout)} (${failures.join("; ")}). ` +
        "They are tried again whenever something is acquired.",
    );
  }
}

/** `wait` ran out. `cause` is the reason of the last attempt. */
export class AcquireTimeoutError extends HoldfastError {
  readonly code = "ACQUIRE_TIMEOUT";
  constructor(
    readonly resources: readonly string[],
    /** The `wait` that ran out, in ms. */
    readonly wait: number,
    readonly attempts: number,
    cause: LockContendedError | QuorumUnavailableError | undefined,
  ) {
    const why = cause === undefined ? "no attempt was decided in that time" : cause.message;
    super(`could not acquire ${named(resources)} within ${formatDuration(wait)}: ${why}`, { cause });
  }
}

/** Why a lease ended without being released. */
export type ExpiryReason = "deadline" | "taken" | "missing" | "maxHold" | "dropped";

const whyExpired: Record<ExpiryReason, string> = {
  deadline: "its validity ran out before a renewal succeeded",
  taken: "a majority of nodes no longer holds it, and somebody else holds it there",
  missing: "its keys vanished from a majority of the nodes",
  maxHold: "it was held for maxHold",
  dropped: "it was garbage-collected without having been released",
};

/** The lease is over: what it protected must not be touched any more. */
export class LeaseExpiredError extends HoldfastError {
  readonly code = "LEASE_EXPIRED";
  constructor(
    readonly resources: readonly string[],
    readonly reason: ExpiryReason | "released" | "handedOver" | "stale",
  ) {
    const why =
      reason === "released"
        ? "it was released"
        : reason === "handedOver"
          ? "it was handed over"
          : reason === "stale"
            ? "the handover is no longer what the nodes hold: it expired, or was adopted already"
            : whyExpired[reason];
    super(`the lease of ${named(resources)} is over: ${why}`);
  }
}

/** Two of the given nodes are the same server, which would let it vote twice. */
export class DuplicateNodeError extends HoldfastError {
  readonly code = "DUPLICATE_NODE";
  constructor(
    /** The names of both nodes. */
    readonly nodes: readonly [string, string],
  ) {
    super(
      `nodes ${nodes[0]} and ${nodes[1]} are the same server: a quorum needs independent servers. ` +
        "Remove one of them, or give a client of another server.",
    );
  }
}

/** An option or argument that cannot work; thrown before any request is sent. */
export class InvalidOptionError extends HoldfastError {
  readonly code = "INVALID_OPTION";
  readonly option: string;
  /** Not shown with the rest: whatever was given may have a password in it. */
  readonly #value: unknown;
  constructor(
    option: string,
    value: unknown,
    /** What is allowed, in words. */
    readonly allowed: string,
    shown = show(value),
  ) {
    super(`${clip(option)} must be ${allowed}; got ${shown}`);
    this.option = clip(option);
    this.#value = typeof value === "string" ? withoutCredentials(value) : value;
  }

  /** As it was given; credentials in an address are left out. */
  get value(): unknown {
    return this.#value;
  }
}

/** `acquire()` on a handle that is neither idle nor expired. */
export class HandleBusyError extends HoldfastError {
  readonly code = "HANDLE_BUSY";
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

/** As many acquisitions are under way or waiting as `maxPending` allows. Nothing was asked of the nodes. */
export class OverloadedError extends HoldfastError {
  readonly code = "OVERLOADED";
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

/** A storage has seen a newer fence: a later lease has begun, and this one's write was refused. Nothing was written. */
export class StaleFenceError extends HoldfastError {
  readonly code = "STALE_FENCE";
  constructor(
    readonly fence: number,
    /** The newer fence. */
    readonly seen: number,
  ) {
    super(
      `the write with fence ${fence} was refused: fence ${seen} has been here, so a later lease has begun. ` +
        "Stop, and start over under a lease of your own: what was computed under this one may be out of date.",
    );
  }
}

/** The manager was closed, or is closing. */
export class ManagerClosedError extends HoldfastError {
  readonly code = "MANAGER_CLOSED";
  constructor() {
    super("these locks are closed: nothing is acquired, extended or released through them any more");
  }
}

const whyDeaf: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program listens there. Choose another port, or 0 for any that is free",
  EACCES: "the system does not allow it. Choose a port from 1024, or 0 for any that is free",
  EADDRNOTAVAIL: "that is no address of this machine",
  ENOTFOUND: "no machine of that name is known",
};

/** The inspector's page cannot be served at that address. Nothing was opened. */
export class CannotListenError extends HoldfastError {
  readonly code = "CANNOT_LISTEN";
  constructor(
    readonly host: string,
    readonly port: number,
    cause: unknown,
  ) {
    const reason = (cause as NodeJS.ErrnoException | undefined)?.code ?? "no reason given";
    super(
      `cannot listen on port ${port} of ${clip(withoutCredentials(host))}: ${whyDeaf[reason] ?? reason}`,
      { cause },
    );
  }
}
