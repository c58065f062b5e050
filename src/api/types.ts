import type { Election, ElectionOptions, TermOf } from "../election/types.js";
import type { ManagerEventMap } from "../lock/events.js";
import type { AcquireOptions, UsingOptions } from "../lock/options.js";
import type { Semaphore, SemaphoreOptions } from "../semaphore/types.js";
import type { NotEmpty } from "../support/not-empty.js";
import type { Handle, Inspection, Lease, LeaseOf } from "./lease-types.js";

export type * from "./lease-types.js";

/** One resource or several, but not a list that is known to be empty. */
type Resources<List extends readonly string[]> = string | NotEmpty<List>;

type Job<Held extends Lease, T> = (lease: Held) => T | Promise<T>;

/** The locks of one quorum of nodes, or of several groups of nodes with a quorum each, as `createLocks` returns them. */
export interface Locks extends AsyncDisposable {
  /**
   * Acquires one resource or several at once. Of several resources, either all are acquired or none.
   *
   * @throws LockContendedError, QuorumUnavailableError, AcquireTimeoutError, DuplicateNodeError, InvalidOptionError,
   * ManagerClosedError, OverloadedError, or the reason of `signal`.
   */
  acquire<
    Options extends AcquireOptions = AcquireOptions,
    List extends readonly string[] = readonly string[],
  >(resources: Resources<List>, options?: Options): Promise<LeaseOf<Options>>;
  /** Makes a single attempt. Resolves to null only if the resource is taken. Rejects if there is no quorum. */
  tryAcquire<
    Options extends AcquireOptions = AcquireOptions,
    List extends readonly string[] = readonly string[],
  >(resources: Resources<List>, options?: Options): Promise<LeaseOf<Options> | null>;
  /**
   * Acquires the resource, runs the job and releases the lease. Resolves or rejects with the job's value or error, even if
   * the lease was lost while the job ran. In that case `onLost` was called and `lease.signal` has aborted; with
   * `rejectOnLoss`, `using` rejects with a LeaseExpiredError that has the job's value as its `result`.
   */
  using<T, List extends readonly string[] = readonly string[]>(
    resources: Resources<List>,
    job: Job<Lease, T>,
  ): Promise<T>;
  using<T, Options extends UsingOptions, List extends readonly string[] = readonly string[]>(
    resources: Resources<List>,
    options: Options,
    job: Job<LeaseOf<Options>, T>,
  ): Promise<T>;
  /** Creates a reusable state machine for one lock. A handle acquires nothing by itself. */
  handle<Options extends AcquireOptions = AcquireOptions, List extends readonly string[] = readonly string[]>(
    resources: Resources<List>,
    options?: Options,
  ): Handle<LeaseOf<Options>>;
  /**
   * Opens an election, and campaigns until the election is closed: at most one candidate of all processes leads at a time. The
   * name is that of the resource that is locked.
   *
   * @throws InvalidOptionError, also if these locks have an open election of this name; ManagerClosedError.
   */
  election<Fence extends boolean = false>(
    name: string,
    options?: ElectionOptions<Fence>,
  ): Election<TermOf<Fence>>;
  /**
   * Returns a semaphore: at most `permits` leases of it are valid at once. Acquires nothing by itself. A semaphore has nothing to
   * do with a lock of the same name.
   *
   * @throws InvalidOptionError, also if these locks have given another number of permits for this name; ManagerClosedError.
   */
  semaphore(name: string, options: SemaphoreOptions): Semaphore;
  /** Takes over a lease that another process handed over. The result is a new lease with its own token. */
  adopt<Options extends AcquireOptions = AcquireOptions>(
    handover: string,
    options?: Options,
  ): Promise<LeaseOf<Options>>;
  /**
   * Connects to all nodes and identifies them, so that the first acquisition need not wait for that. Calling `ready` is
   * optional. `timeout` is in ms and defaults to `connectTimeout`. Unreachable nodes are tried again until the timeout.
   *
   * @throws NodesNotReadyError, which names each node that could not be connected or identified and the reason;
   * DuplicateNodeError, ManagerClosedError.
   */
  ready(options?: { readonly timeout?: number | undefined }): Promise<void>;
  /** Asks every node for the holder of the resource. Changes nothing. */
  inspect(resource: string): Promise<Inspection>;
  /**
   * Refuses new acquisitions, ends pending ones (ManagerClosedError), releases all leases and aborts their signals. Waits
   * for the releases for at most `timeout` ms (default 5,000), including releases that a client refused and that are
   * retried. The lease of a leader is released when the promise of `onElected` has settled, or else is left to expire. Then
   * stops every timer and closes the connections that this manager opened, but no others.
   */
  close(options?: { readonly timeout?: number | undefined }): Promise<void>;
  on<Name extends keyof ManagerEventMap>(name: Name, listener: (event: ManagerEventMap[Name]) => void): this;
  once<Name extends keyof ManagerEventMap>(
    name: Name,
    listener: (event: ManagerEventMap[Name]) => void,
  ): this;
  off<Name extends keyof ManagerEventMap>(name: Name, listener: (event: ManagerEventMap[Name]) => void): this;
}
