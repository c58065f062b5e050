import type { LockNode } from "../engine/node/lock-node.js";
import type { OtherSet } from "../engine/protocol/mismatch.js";
import type { QuorumEngine } from "../engine/quorum/engine.js";
import type { TimerWheel } from "../engine/time/timer-wheel.js";
import type { HoldfastError } from "../errors.js";
import type { SafeEmitter } from "../support/safe-emitter.js";
import type { ActiveLockRegistry } from "./active-lock.js";
import type { ManagerEvents } from "./events.js";
import type { LeaseKeeper } from "./lease-keeper.js";
import type { InspectionEvent } from "./lock-actor.js";
import type { LockObservers } from "./observed-lock.js";
import type { RenewalGroups } from "./renewal-groups.js";
import type { ManagerSettings } from "./settings.js";
import type { LocalQueue } from "./waiting/local-queue.js";

/** What the engine has found out about the nodes. */
export interface NodeFindings {
  /** `duplicate`: the names of two nodes that are the same server. */
  readonly admission: { readonly duplicate: readonly [string, string] | null };
  /** Another set of nodes that is in use, if that is refused. */
  readonly otherSet: OtherSet | null;
}

interface NodeSet {
  readonly nodes: readonly LockNode[];
  /** Returns why these nodes must not grant a lock together, as far as this is known. Null if no reason is known. */
  refusal(findings: NodeFindings): HoldfastError | null;
}

/** The parts of a manager that its locks need. */
export interface ManagerContext extends ManagerSettings {
  /** The name of the group of these nodes; null unless resources are spread over several groups. */
  readonly group: string | null;
  readonly engine: QuorumEngine;
  readonly events: SafeEmitter<ManagerEvents>;
  readonly observers: LockObservers;
  readonly activeLocks: ActiveLockRegistry;
  readonly localQueue: LocalQueue;
  readonly renewalGroups: RenewalGroups;
  /** A timer wheel that does not keep the process alive. */
  readonly background: TimerWheel;
  readonly inspect: ((event: InspectionEvent) => void) | undefined;
  nextAcquisition(): string;
  /** Renews leases while this thread is blocked; null without `renewal: "worker"`. */
  readonly leaseKeeper: LeaseKeeper | null;
  readonly nodeSet: NodeSet;
}
