import type { FailureReason, Vote } from "../engine/protocol/vote.js";
import type { ExecutionStats } from "./types.js";

/** The language's `ErrorOptions`, which types of ES2021 do not know. */
interface CauseOption {
  readonly cause?: unknown;
}

/** As in the originals, an error in JSON has its text. */
function showMessage(error: Error): void {
  Object.defineProperty(error, "message", { enumerable: true });
}

/**
 * As in redlock 4: the lock could not be acquired, extended or released. `cause` is Holdfast's error with the reason.
 */
export class LockError extends Error {
  override readonly name = "LockError";

  constructor(message = "Failed to lock the resource.", attempts?: number, options?: CauseOption) {
    super(message, options);
    showMessage(this);
    this.attempts = attempts as number;
  }

  /** How many attempts were made; undefined for a failed release. */
  readonly attempts: number;
}

/** As in redlock 5: an operation found no quorum. `cause` is Holdfast's error with the reason. */
export class ExecutionError extends Error {
  override readonly name = "ExecutionError";

  constructor(
    message: string,
    /** The votes of each attempt; settled once all votes have arrived. */
    readonly attempts: ReadonlyArray<Promise<ExecutionStats>>,
    options?: CauseOption,
  ) {
    super(message, options);
    showMessage(this);
  }
}

/** As in redlock 5: a client voted against because another owner holds the resource. */
export class ResourceLockedError extends Error {
  override readonly name = "ResourceLockedError";

  constructor(message: string) {
    super(message);
    showMessage(this);
  }
}

/** A client could not execute a request. */
export class ClientError extends Error {
  override readonly name = "ClientError";

  constructor(
    message: string,
    /** The node's name: an address without credentials. */
    readonly node: string,
    readonly reason: FailureReason,
  ) {
    super(`${node}: ${message}`);
    showMessage(this);
  }
}

/** The error of a node where a key has another type than a lock's, in the words of the server; null for any other vote. */
export function typeErrorOf(vote: Vote): Error | null {
  if (vote.kind !== "denied" || vote.holder === null || vote.holder.type === "string") return null;
  const { key, type } = vote.holder;
  const message = `WRONGTYPE Operation against a key holding the wrong kind of value: ${key} is a ${type}, not a lock`;
  return new ClientError(message, vote.node, "refused");
}

/** The error for a vote against; null for a vote in favour. `keys`: how many keys were requested. */
export function errorOf(vote: Vote, keys: number): Error | null {
  if (vote.kind === "granted") return null;
  if (vote.kind === "failed") return new ClientError(vote.message, vote.node, vote.reason);
  // A node grants all keys of a request or none.
  return new ResourceLockedError(`The operation was applied to: 0 of the ${keys} requested resources.`);
}
