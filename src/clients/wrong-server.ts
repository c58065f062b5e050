import type { Clock } from "../engine/time/clock.js";

/** Errors of a replica, which takes no writes. Redis up to 6 puts the position in the script before the error code. */
const replica = /(^|[\s-])(READONLY|MASTERDOWN) /;
/**
 * Errors of a server that is starting, or of an old master that has been cut off. The server may recover, or another
 * one may have taken over.
 */
const unavailable = /(^|[\s-])(LOADING|NOREPLICAS|CLUSTERDOWN) /;
/** ms for which a server may be unavailable before the connection is replaced. */
const maxUnavailable = 2_000;

/**
 * Recognises by its errors a server that takes no locks. After a failover behind a DNS name, a proxy or a load
 * balancer, only a new connection reaches the new master. The clients cannot see most of these errors, because the
 * script catches them.
 */
export class WrongServerDetector {
  /** Monotonic, in ms; null unless the server is unavailable. */
  unavailableSince: number | null = null;

  constructor(private readonly clock: Clock) {}

  /**
   * Whether an error shows that this is not, or no longer, the right server. `soleMaster`: it was the only master of a Cluster, to
   * which only another master sends.
   */
  isWrong(message: string, soleMaster = false): boolean {
    if (replica.test(message) || (soleMaster && message.startsWith("MOVED "))) return true;
    if (!unavailable.test(message)) return false;
    const now = this.clock.monotonic();
    this.unavailableSince ??= now;
    return now - this.unavailableSince >= maxUnavailable;
  }

  /** The server answered as a server that takes locks. */
  answered(): void {
    this.unavailableSince = null;
  }
}
