import type { Locks } from "../api/types.js";
import { InvalidOptionError } from "../errors.js";
import type { AcquireOptions } from "../lock/options.js";
import { checkMethods } from "../support/checks.js";
import { entriesOf } from "../support/untrusted.js";

/** What is locked: one resource, or several at once. */
export type Resources = string | readonly string[];

/** Options of the acquisition. The framework gives the signal. */
export type LeaseOptions = Omit<AcquireOptions, "signal">;

/** What every integration takes: the locks, what to lock, and the options of the acquisition. */
export interface LockedOptions<Input extends readonly unknown[]> extends LeaseOptions {
  /** The locks, as `createLocks` returned them. */
  readonly locks: Locks;
  /** The resource, the list of resources, or a function that returns them. */
  readonly key: Resources | ((...input: Input) => Resources | Promise<Resources>);
}

/** Throws an InvalidOptionError unless `options` is an object that can be read. */
export function checkOptions(options: unknown): void {
  if (entriesOf(options) === null) throw new InvalidOptionError("options", options, "an object");
}

/**
 * Checks the options when an application is set up, and not with its first request. `acquire`: the options that remain after
 * those of the integration. An option that nobody knows is refused. @throws InvalidOptionError, ManagerClosedError.
 */
export function checkLocked(locks: Locks, key: unknown, acquire: LeaseOptions): void {
  checkMethods("locks", locks, ["acquire", "using", "handle"]);
  if ((acquire as AcquireOptions).signal !== undefined)
    throw new InvalidOptionError(
      "signal",
      (acquire as AcquireOptions).signal,
      "left out: the framework gives it",
    );
  // A handle checks its resources and its options, and acquires nothing.
  locks.handle(typeof key === "function" ? "checked later" : (key as string), acquire);
}

/** The resources to lock for this input. The acquisition checks them. */
export const resourcesOf = <Input extends readonly unknown[]>(
  key: LockedOptions<Input>["key"],
  input: Input,
): Resources | Promise<Resources> => (typeof key === "function" ? key(...input) : key);
