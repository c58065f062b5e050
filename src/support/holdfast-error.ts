export const brand = Symbol.for("holdfast.error");

/** The codes of {@link HoldfastError}. They are stable across versions. */
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
  | "NODES_NOT_READY"
  | "MEMBERSHIP_MISMATCH"
  | "TERM_ENDED"
  | "UPGRADE_FAILED";

/** The base class of all errors of this package: a stable `code`, a message that says what to do, and data. */
export abstract class HoldfastError extends Error {
  abstract readonly code: HoldfastErrorCode;
  /** Present on every copy of the package, so that {@link isHoldfastError} works across copies. */
  readonly [brand] = true;

  /** The name of the class, also in a minified program. A getter, because the stack begins with the name. */
  override get name(): string {
    return "HoldfastError";
  }

  /** The name, the code, the message and the data of the error, without its cause. Contains no token and no password. */
  toJSON(): object {
    return Object.assign({ name: this.name, message: this.message }, this);
  }
}
