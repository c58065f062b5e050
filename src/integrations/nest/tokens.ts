import { Inject } from "@nestjs/common";

/** The token of the provider of the application's locks. */
export const LOCKS: unique symbol = Symbol.for("holdfast.nest.locks") as never;

/** Injects the application's `Locks` into a constructor parameter or a property. */
export const InjectLocks = (): ReturnType<typeof Inject> => Inject(LOCKS);
