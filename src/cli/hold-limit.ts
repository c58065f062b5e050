import type { Lease } from "../api/types.js";
import { named } from "../support/names.js";
import { type Deadline, deadlineIn, earlier, systemClocks, timeLeft } from "./deadline.js";
import { formatDuration } from "./duration.js";

/** The lease under which a command runs. */
export type SupervisedLease = Pick<Lease, "resources" | "validUntil" | "remaining">;

/** How long a command may run: while its lease is renewed, and at most for --max-hold. */
export class HoldLimit {
  readonly #lease: SupervisedLease;
  readonly #maxHold: number | undefined;
  readonly #limit: Deadline | undefined;

  /** `heldFor`: ms for which the lease has been held. */
  constructor(lease: SupervisedLease, maxHold?: number, heldFor = 0) {
    this.#lease = lease;
    this.#maxHold = maxHold;
    this.#limit = maxHold === undefined ? undefined : deadlineIn(maxHold - heldFor);
  }

  /** The current deadline. */
  get end(): Deadline {
    return earlier(this.#leaseEnd(), this.#limit);
  }

  /** Why the deadline has passed or is about to pass. */
  get why(): string {
    const resources = named(this.#lease.resources);
    const limited = this.#limit !== undefined && timeLeft(this.#limit) <= timeLeft(this.#leaseEnd());
    if (!limited) return `lost the lock of ${resources}: no renewal succeeded in time`;
    return `${resources} is held for its --max-hold of ${formatDuration(this.#maxHold ?? 0)}`;
  }

  #leaseEnd(): Deadline {
    const left = this.#lease.remaining();
    return { monotonic: systemClocks.monotonic() + left, epoch: this.#lease.validUntil };
  }
}

/** Time in ms since just before the request that was granted: the part of the validity that is used up. */
export const heldFor = (lease: Lease): number => Math.max(0, lease.ttl - lease.drift - lease.remaining());
