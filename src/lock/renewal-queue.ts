import type { Vote } from "../engine/protocol/vote.js";
import { QuorumUnavailableError } from "../errors.js";
import { rejection } from "../support/caller-stack.js";
import type { LeaseState } from "./lease-state.js";
import type { LockInternals } from "./lock-internals.js";

interface RenewalRequest {
  resolve(): void;
  reject(error: unknown): void;
}

/** An empty list that is shared and never modified. */
const none: RenewalRequest[] = [];

/** The pending renewal requests of one lease. Each request waits for a renewal that began after the request. */
export class RenewalQueue {
  /** Requests for the next renewal. */
  private waiting: RenewalRequest[] = none;
  /** Requests that the renewal under way serves. */
  private inProgress: RenewalRequest[] = none;
  /** The longest ttl among the waiting requests, in ms. Null if no request has a ttl. */
  private ttl: number | null = null;
  /** The ttl of the last renewal, in ms. Later renewals use the same ttl unless a request has another. */
  private currentTtl: number;

  constructor(
    private readonly lock: LockInternals,
    private readonly leaseState: LeaseState,
  ) {
    this.currentTtl = leaseState.grant.ttl;
  }

  get hasRequests(): boolean {
    return this.waiting.length > 0;
  }

  join(ttl: number | null): Promise<void> {
    if (ttl !== null) this.ttl = Math.max(ttl, this.ttl ?? 0);
    return new Promise((resolve) => {
      this.waiting = [...this.waiting, { resolve, reject: (error) => resolve(rejection(error)) }];
    });
  }

  /** Assigns all waiting requests to the renewal that begins now. Returns the longest ttl requested, in ms. */
  begin(): number {
    this.inProgress = [...this.inProgress, ...this.waiting];
    this.waiting = none;
    this.currentTtl = this.ttl ?? this.currentTtl;
    this.ttl = null;
    return this.currentTtl;
  }

  succeed(): void {
    this.settle((request) => request.resolve());
  }

  fail(votes: readonly Vote[], reason: "noQuorum" | "tooSlow"): void {
    if (this.inProgress.length === 0) return;
    const { resources, manager } = this.lock;
    const { membership } = manager.engine;
    const nodes = membership.names.length;
    const error = new QuorumUnavailableError(
      resources,
      "renew",
      1,
      votes,
      nodes,
      reason,
      membership.joint,
      membership.canReachQuorum(votes),
    );
    this.settle((request) => request.reject(error));
  }

  /** Rejects all requests because the lease is over. */
  refuse(): void {
    if (this.inProgress.length + this.waiting.length === 0) return;
    const error = this.leaseState.overError();
    this.begin();
    this.settle((request) => request.reject(error));
  }

  private settle(settleOne: (request: RenewalRequest) => void): void {
    const requests = this.inProgress;
    if (requests.length === 0) return;
    this.inProgress = none;
    this.lock.notifier.defer(() => {
      for (const request of requests) settleOne(request);
    });
  }
}
