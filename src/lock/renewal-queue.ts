import type { Vote } from "../engine/protocol/vote.js";
import { QuorumUnavailableError } from "../errors.js";
import type { Hold } from "./lease-state.js";
import type { LockParts } from "./lock-internals.js";

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/** Never added to. */
const none: Waiter[] = [];

/** Those who asked for a renewal and wait for it: each for one that began after they asked. */
export class RenewalQueue {
  private waiting: Waiter[] = none;
  /** Those who asked before the renewal under way began. */
  private riding: Waiter[] = none;
  /** The longest ttl that is asked for, ms; what was asked for last stays for the renewals to come. */
  private ttl: number | null = null;
  private current: number;

  constructor(
    private readonly lock: LockParts,
    private readonly hold: Hold,
  ) {
    this.current = hold.grant.ttl;
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
    this.settle((waiter) => waiter.resolve());
  }

  fail(votes: readonly Vote[], reason: "noQuorum" | "tooSlow"): void {
    if (this.riding.length === 0) return;
    const { resources, ground } = this.lock;
    const nodes = ground.engine.seats.length;
    const error = new QuorumUnavailableError(resources, "renew", 1, votes, nodes, reason);
    this.settle((waiter) => waiter.reject(error));
  }

  /** The lease is over. */
  refuse(): void {
    if (this.riding.length + this.waiting.length === 0) return;
    const error = this.hold.overError();
    this.begin();
    this.settle((waiter) => waiter.reject(error));
  }

  private settle(how: (waiter: Waiter) => void): void {
    const waiters = this.riding;
    if (waiters.length === 0) return;
    this.riding = none;
    this.lock.outbox.put(() => {
      for (const waiter of waiters) how(waiter);
    });
  }
}
