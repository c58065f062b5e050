import { AsyncLocalStorage } from "node:async_hooks";
import { Inject } from "@nestjs/common";
import type { Lease, Locks } from "../../api/types.js";
import { InvalidOptionError } from "../../errors.js";
import { checkKnown } from "../../lock/option-checks.js";
import type { UsingOptions } from "../../lock/options.js";
import type { Resources } from "../lease-options.js";
import { keyTemplate } from "./key-template.js";
import { LOCKS } from "./tokens.js";

/** The key of a call: a text with placeholders for arguments, or a function of the arguments. */
export type LockedKey<Args extends readonly unknown[]> =
  | string
  | ((...given: Args) => Resources | Promise<Resources>);

type AsyncMethod<Args extends readonly unknown[]> = (...given: [...Args, ...never[]]) => Promise<unknown>;
type AnyMethod = (...given: unknown[]) => Promise<unknown>;

/** Decorates an asynchronous method. */
export type LockedDecorator<Args extends readonly unknown[]> = <Method extends AsyncMethod<Args>>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

const leases = new AsyncLocalStorage<Lease>();

/** The property into which Nest injects the locks of a class with such methods. */
const locksOf: unique symbol = Symbol("holdfast.locks");

/**
 * Runs each call of an asynchronous method under a lease, which is renewed while the method runs. `key` is a text such as
 * "orders:${id}", whose placeholders name parameters of the method (`${order.id}` is a property of one), or a function of the
 * arguments. {@link currentLease} returns the lease. The call rejects as `locks.using` does. HoldfastModule must be imported.
 *
 * @throws InvalidOptionError, when the class is defined; a call rejects with it if an argument in the key is no string, finite
 * number or bigint, or is empty.
 */
export function Locked<Args extends readonly unknown[] = never[]>(
  key: LockedKey<Args>,
  options: Omit<UsingOptions, "signal"> = {},
): LockedDecorator<Args> {
  if (typeof key !== "string" && typeof key !== "function")
    throw new InvalidOptionError("key", key, "a non-empty string, or a function of the arguments");
  if (key === "")
    throw new InvalidOptionError("key", key, "a non-empty string, or a function of the arguments");
  checkKnown("using", options);
  return (target, name, descriptor) => {
    const method = descriptor?.value as AnyMethod | undefined;
    if (typeof method !== "function")
      throw new InvalidOptionError("@Locked", method, `above a method, which ${String(name)} is not`);
    const keyOf =
      typeof key === "string"
        ? keyTemplate(key, method)
        : (given: readonly unknown[]) => key(...(given as Args));
    Inject(LOCKS)(target, locksOf);
    const locked = async function (this: { readonly [locksOf]?: Locks }, ...given: unknown[]) {
      const locks = this[locksOf];
      if (locks === undefined)
        throw new InvalidOptionError(
          "locks",
          locks,
          "injected by Nest, which creates the object that has the method",
        );
      const resources = await keyOf(given);
      return locks.using(resources, options, (lease) => leases.run(lease, () => method.apply(this, given)));
    };
    descriptor.value = withMetadata(locked, method) as never;
  };
}

/** The lease of the innermost {@link Locked} method that is running; null outside of such methods. */
export const currentLease = (): Lease | null => leases.getStore() ?? null;

/** What other decorators have noted about the method holds for the method that takes its place. */
function withMetadata(locked: AnyMethod, method: AnyMethod): AnyMethod {
  for (const name of ["name", "length"])
    Object.defineProperty(locked, name, { value: method[name as "name" | "length"], configurable: true });
  const reflect = Reflect as unknown as ReflectMetadata;
  for (const key of reflect.getMetadataKeys?.(method) ?? [])
    reflect.defineMetadata(key, reflect.getMetadata(key, method), locked);
  return locked;
}

/** The part of reflect-metadata, which Nest needs too. */
interface ReflectMetadata {
  getMetadataKeys?(target: object): unknown[];
  getMetadata(key: unknown, target: object): unknown;
  defineMetadata(key: unknown, value: unknown, target: object): void;
}
