import type { QueuePlace } from "../engine/protocol/command.js";
import type { Instant } from "../engine/time/clock.js";
import type { ExpiryReason } from "../errors.js";

/** A lease that is renewed elsewhere whenever this thread does not renew it in time. */
export interface KeptLease {
  /** Passes on the last renewal that was made elsewhere, and returns why the lease is lost; null if it is not known to be. */
  ask(state: { confirmElsewhere(start: Instant, ttl: number, drift: number): void }): ExpiryReason | null;
  /** The lease was upgraded with this place: it is to be renewed for its holder alone. */
  upgraded(place: QueuePlace): void;
  /** This thread has renewed the lease. */
  confirmed(start: Instant, ttl: number): void;
  /** The lease is to be renewed no more, but ends at its deadline. */
  drop(): void;
  /** Nothing more is to be sent in the name of the lease. */
  end(): void;
  /** The lease is released, lost or handed over. */
  close(handedOver: boolean): void;
}
