import type { Vote } from "../engine/protocol/vote.js";
import { QuorumUnavailableError } from "../errors.js";
import type { LeaseState } from "./lease-state.js";
import type { LockInternals } from "./lock-internals.js";

interface RenewalRequest {
  resolve(): void;
  reject(error: unknown): void;
}

/** Never added to. */
const none: RenewalRequest[] = [];

/** Those who asked for a renewal and wait for it: each for one that began after they asked. */
export class RenewalQueue {
  private waiting: RenewalRequest[] = none;
  /** Those who asked before the renewal under way began. */
  private riding: RenewalRequest[] = none;
  /** The longest ttl that is asked for, ms; what was asked for last stays for the renewals to come. */
  private ttl: number | null = null;
  private current: number;

  constructor(
    private readonly lock: LockInternals,
    private readonly leaseState: LeaseState,
  ) {
    this.current = leaseState.grant.ttl;
  }

  get asked(): boolean {
    return this.waiting.length > 0;
  }

  join(ttl: number | null): Promise<void> {
    if (ttl !== null) this.ttl = Math.max(ttl, this.ttl ?? 0);
    return new Promise((resolve, reject) => {
      this.waiting = [...this.waiting, { resolve, reject }];
    });
  }

  /** A renewal begins, for all who have asked so far; the ttl that suits them all. */
  begin(): number {
    this.riding = [...this.riding, ...this.waiting];
    this.waiting = none;
    this.current = this.ttl ?? this.current;
    this.ttl = null;
    return this.current;
  }

  succeed(): void {
    this.settle((listener) => listener.resolve());
  }

  fail(votes: readonly Vote[], reason: "noQuorum" | "tooSlow"): void {
    if (this.riding.length === 0) return;
    const { resources, manager } = this.lock;
    const nodes = manager.engine.members.length;
    const error = new QuorumUnavailableError(resources, "renew", 1, votes, nodes, reason);
    this.settle((listener) => listener.reject(error));
  }

  /** The lease is over. */
  refuse(): void {
    if (this.riding.length + this.waiting.length === 0) return;
    const error = this.leaseState.overError();
    this.begin();
    this.settle((listener) => listener.reject(error));
  }

  private settle(how: (listener: RenewalRequest) => void): void {
    const waiters = this.riding;
    if (waiters.length === 0) return;
    this.riding = none;
    this.lock.outbox.put(() => {
      for (const listener of waiters) how(listener);
    });
  }
}
