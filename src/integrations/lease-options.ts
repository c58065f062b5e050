import type { Locks } from "../api/types.js";
import { InvalidOptionError } from "../errors.js";
import { checkKnown, type OptionsPlace } from "../lock/option-checks.js";
import type { AcquireOptions } from "../lock/options.js";
import { checkEntries, checkMethods } from "../support/checks.js";
import { isList } from "../support/untrusted.js";

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

/** Checks the names of the options. `where`: the function that takes them. @throws InvalidOptionError. */
export function checkNames(where: OptionsPlace, options: unknown): void {
  const signal = checkEntries("options", options).find(([name]) => name === "signal")?.[1];
  if (signal !== undefined)
    throw new InvalidOptionError("signal", signal, "left out: the framework gives it");
  checkKnown(where, options);
}

/**
 * Checks the options when an application is set up, and not with its first request. `acquire`: the options that remain after
 * those of the integration. @throws InvalidOptionError, ManagerClosedError.
 */
export function checkLocked(locks: Locks, key: unknown, acquire: LeaseOptions): void {
  checkMethods("locks", locks, ["acquire", "using", "handle"]);
  if (key === "" || !(typeof key === "string" || typeof key === "function" || isList(key)))
    throw new InvalidOptionError(
      "key",
      key,
      "a non-empty string, a list of such strings, or a function that returns either",
    );
  // A handle checks its resources and its options, and acquires nothing.
  locks.handle(typeof key === "function" ? "checked later" : (key as string), acquire);
}

/** The resources to lock for this input. The acquisition checks them. */
export const resourcesOf = <Input extends readonly unknown[]>(
  key: LockedOptions<Input>["key"],
  input: Input,
): Resources | Promise<Resources> => (typeof key === "function" ? key(...input) : key);
