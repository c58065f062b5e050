import type { Clock } from "../engine/time/clock.js";

/** A replica, which takes no writes for as long as it is one. Redis up to 6 puts the place in the script before the code. */
const replica = /(^|[\s-])(READONLY|MASTERDOWN) /;
/** A server that is starting, or an old master that has been cut off: it may recover, or another one may have taken over. */
const unavailable = /(^|[\s-])(LOADING|NOREPLICAS|CLUSTERDOWN) /;
/** ms for which a server may be unavailable before the connection is opened anew. */
const patience = 2_000;

/**
 * Recognises by its errors a server that takes no locks. The name that led to it may lead to another one by now, as it
 * does after a failover behind a DNS name, a proxy or a load balancer: only a new connection finds out. The clients cannot
 * see most of these errors, because the script catches them.
 */
export class WrongServerDetector {
  #unavailableSince: number | null = null;

  constructor(private readonly clock: Clock) {}

  /** Whether a server that gives this error is not, or no longer, the one to ask. */
  isWrong(message: string): boolean {
    if (replica.test(message)) return true;
    if (!unavailable.test(message)) return false;
    const now = this.clock.monotonic();
    this.#unavailableSince ??= now;
    return now - this.#unavailableSince >= patience;
  }

  /** The server answered as one that takes locks. */
  answered(): void {
    this.#unavailableSince = null;
  }
}
