import type { FencedLease, Handle, Lease, NodeInspection } from "../api/lease-types.js";
import type { Holder } from "../engine/protocol/vote.js";
import type { AcquireOptions, UsingOptions } from "../lock/options.js";

/** Options of a semaphore. */
export interface SemaphoreOptions {
  /**
   * The number of permits: at most this many leases, counted by their weights, are valid at one instant. An integer from 1 to
   * 1,000. Every process must give the same number.
   */
  readonly permits: number;
}

interface Weighted {
  /** The number of permits to acquire, all at once: an integer from 1 to `permits`. Default 1. */
  readonly weight?: number | undefined;
}

/** Options of an acquisition of permits. */
export interface PermitOptions extends Omit<AcquireOptions, "mode">, Weighted {}

/** Options of `using` with permits. */
export interface UsingPermitOptions extends Omit<UsingOptions, "mode">, Weighted {}

/** A lease of permits of a semaphore. */
export interface PermitLease extends Lease {
  /** The numbers of the permits, counted from 1. */
  readonly permits: readonly number[];
}

/** A lease of permits with a fencing token, which grows from one lease of the semaphore to the next. */
export interface FencedPermitLease extends PermitLease, FencedLease {}

/** The lease that an acquisition of permits with these options gives. */
export type PermitLeaseOf<Options> = Options extends { readonly fence: true }
  ? FencedPermitLease
  : PermitLease;

/** The holder of one permit. */
export interface PermitHolder extends Holder {
  /** The number of the permit, counted from 1. */
  readonly permit: number;
}

/** The reports of all nodes about the permits of a semaphore, and their summary. */
export interface SemaphoreInspection {
  readonly resource: string;
  /** The name of the group of nodes that has the semaphore. Absent without groups. */
  readonly group?: string;
  /** The number of permits, as this process gives it. */
  readonly permits: number;
  /** The number of permits that a quorum of nodes reports as free. */
  readonly free: number;
  /** The number of permits of which too few nodes answered to tell whether they are free. */
  readonly unknown: number;
  /** The holders that a quorum of nodes reports, in the order of the permits. */
  readonly holders: readonly PermitHolder[];
  /** The state of each node. `state` is "held" if any permit is held there. */
  readonly nodes: readonly Omit<NodeInspection, "holder">[];
}

type Job<Held extends Lease, T> = (lease: Held) => T | Promise<T>;

/** A semaphore: a lock that several leases can hold at once, as `locks.semaphore` returns it. */
export interface Semaphore {
  readonly name: string;
  /** The number of permits. */
  readonly permits: number;
  /**
   * Acquires `weight` permits (default 1). Waiters are served in the order of their arrival.
   *
   * @throws as `locks.acquire` does. LockContendedError: too few permits are free.
   */
  acquire<Options extends PermitOptions = PermitOptions>(options?: Options): Promise<PermitLeaseOf<Options>>;
  /** Makes a single attempt. Resolves to null only if too few permits are free. Rejects if there is no quorum. */
  tryAcquire<Options extends PermitOptions = PermitOptions>(
    options?: Options,
  ): Promise<PermitLeaseOf<Options> | null>;
  /** Acquires permits, runs the job and releases the permits, as `locks.using` does. */
  using<T>(job: Job<PermitLease, T>): Promise<T>;
  using<T, Options extends UsingPermitOptions>(
    options: Options,
    job: Job<PermitLeaseOf<Options>, T>,
  ): Promise<T>;
  /** Creates a reusable state machine for one lease at a time. A handle acquires nothing by itself. */
  handle<Options extends PermitOptions = PermitOptions>(options?: Options): Handle<PermitLeaseOf<Options>>;
  /** Asks every node for the holders of the permits. Changes nothing. */
  inspect(): Promise<SemaphoreInspection>;
}
