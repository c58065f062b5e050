import type { FailureReason, Vote } from "../engine/protocol/vote.js";
import type { ExecutionStats } from "./types.js";

/** As in redlock 4: the lock could not be taken, extended or released. `cause` says why, as one of Holdfast's errors. */
export class LockError extends Error {
  override readonly name = "LockError";

  constructor(message = "Failed to lock the resource.", attempts?: number, options?: ErrorOptions) {
    super(message, options);
    this.attempts = attempts as number;
  }

  /** How many attempts were made; undefined where none was needed to know it. */
  readonly attempts: number;
}

/** As in redlock 5: no quorum was found for an operation. `cause` says why, as one of Holdfast's errors. */
export class ExecutionError extends Error {
  override readonly name = "ExecutionError";

  constructor(
    message: string,
    /** How each attempt went; settled once all votes are in. */
    readonly attempts: ReadonlyArray<Promise<ExecutionStats>>,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** As in redlock 5: a client voted against because the resource is locked there by somebody else. */
export class ResourceLockedError extends Error {
  override readonly name = "ResourceLockedError";
}

/** A client could not do what it was asked. */
export class ClientError extends Error {
  override readonly name = "ClientError";

  constructor(
    message: string,
    /** The node's name: an address without credentials. */
    readonly node: string,
    readonly reason: FailureReason,
  ) {
    super(`${node}: ${message}`);
  }
}

/** What a vote against says; null for one in favour. `keys`: how many were asked for. */
export function errorOf(vote: Vote, keys: number): Error | null {
  if (vote.kind === "granted") return null;
  if (vote.kind === "failed") return new ClientError(vote.message, vote.node, vote.reason);
  // A node grants all keys of a request or none.
  return new ResourceLockedError(`The operation was applied to: 0 of the ${keys} requested resources.`);
}
