import type { Attributes } from "@opentelemetry/api";
import type { Vote } from "../engine/protocol/vote.js";
import { elapsed, type Instant, now } from "../engine/time/clock.js";
import type { ObservedLock } from "../lock/observed-lock.js";
import type { FailureEvent, LockMachineEvent } from "../machines/lock-events.js";
import type { NodeMachineEvent } from "../machines/node-events.js";
import type { NodeState } from "../machines/node-state.js";
import type { Manager } from "../manager/manager.js";
import type { ManagerObserver } from "../manager/observers.js";
import { errorTypeOf } from "./error-type.js";
import type { Instruments } from "./instruments.js";
import { attributes } from "./names.js";

/** Counts and times what one manager's locks and nodes do. */
export class LockMetrics implements ManagerObserver {
  /** When the acquisition or the lease of a lock began. */
  private readonly began = new WeakMap<ObservedLock, Instant>();
  /** The labels of all figures of locks. */
  private readonly labels: Attributes;
  private readonly ofNode: readonly { readonly [attributes.node]: string }[];

  constructor(
    manager: Manager,
    private readonly to: Instruments,
    private readonly onClosed: () => void,
  ) {
    const { group } = manager.context;
    this.labels = group === null ? {} : { [attributes.group]: group };
    this.ofNode = manager.nodes.map(({ name }) => ({ [attributes.node]: name }));
    // Leases that are held already are timed as well; pending acquisitions are only counted.
    for (const lock of manager.inUse)
      if (lock.leaseState !== null) this.began.set(lock, lock.leaseState.grant.at);
  }

  lockStepped(lock: ObservedLock, event: LockMachineEvent, from: string): void {
    if ("votes" in event) this.countFailed(event.votes);
    switch (event.type) {
      case "ACQUIRE":
        this.began.set(lock, now(lock.manager.clock));
        return;
      case "RETRY":
        return this.to.retries.add(1, { ...this.labels, [attributes.reason]: lock.context.reason ?? "" });
      case "GRANTED":
        this.to.acquisitions.add(1, this.labels);
        this.time(this.to.wait, lock, this.labels);
        if (lock.leaseState !== null) this.began.set(lock, lock.leaseState.grant.at);
        return;
      case "RENEWED":
        return this.to.renewals.add(1, this.labels);
      case "NO_QUORUM":
        if (from.startsWith("renewing")) this.to.quorumLosses.add(1, this.labels);
        return;
      case "LOST":
      case "EXPIRED":
        this.to.losses.add(1, { ...this.labels, [attributes.reason]: event.reason });
        return this.end(lock, "expired");
      case "RELEASED":
        this.to.releases.add(1, this.labels);
        return this.end(lock, "released");
      case "HAND_OVER":
        return this.end(lock, "handedOver");
    }
  }

  lockFailed(lock: ObservedLock, event: FailureEvent, error: unknown): void {
    const failure = { ...this.labels, [attributes.errorType]: errorTypeOf(event, error) };
    this.to.failures.add(1, failure);
    this.time(this.to.wait, lock, failure);
  }

  nodeStepped(node: number, _event: NodeMachineEvent, _from: NodeState, to: NodeState): void {
    if (to !== "down" && to !== "unresponsive" && to !== "quarantined") return;
    this.to.outages.add(1, { ...this.ofNode[node], [attributes.nodeState]: to });
  }

  nodeAnswered(node: number, ms: number): void {
    this.to.requests.record(ms / 1_000, this.ofNode[node]);
  }

  closed(): void {
    this.onClosed();
  }

  private end(lock: ObservedLock, outcome: "released" | "expired" | "handedOver"): void {
    this.time(this.to.hold, lock, { ...this.labels, [attributes.outcome]: outcome });
  }

  private time(histogram: Instruments["wait"], lock: ObservedLock, labels: Attributes): void {
    const since = this.began.get(lock);
    if (since === undefined) return;
    this.began.delete(lock);
    histogram.record(elapsed(lock.manager.clock, since) / 1_000, labels);
  }

  private countFailed(votes: readonly Vote[]): void {
    for (const vote of votes) {
      // A node that was not asked did not fail: the others had decided already.
      if (vote.kind !== "failed" || vote.reason === "notAsked") continue;
      this.to.votesFailed.add(1, { [attributes.node]: vote.node, [attributes.reason]: vote.reason });
    }
  }
}
