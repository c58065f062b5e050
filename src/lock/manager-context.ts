import type { QuorumEngine } from "../engine/quorum/engine.js";
import type { TimerWheel } from "../engine/time/timer-wheel.js";
import type { HoldfastError } from "../errors.js";
import type { ActiveLocks } from "../manager/active-locks.js";
import type { Observers } from "../manager/observers.js";
import type { SafeEmitter } from "../support/safe-emitter.js";
import type { ManagerEvents } from "./events.js";
import type { InspectionEvent } from "./lock-actor.js";
import type { ManagerSettings } from "./settings.js";
import type { LocalQueue } from "./waiting/local-queue.js";

/** What a lock needs of its manager. */
export interface ManagerContext extends ManagerSettings {
  readonly engine: QuorumEngine;
  readonly events: SafeEmitter<ManagerEvents>;
  readonly observers: Observers;
  readonly activeLocks: ActiveLocks;
  readonly localQueue: LocalQueue;
  /** For what keeps no process alive. */
  readonly background: TimerWheel;
  readonly inspect: ((event: InspectionEvent) => void) | undefined;
  nextAcquisition(): string;
  /** Why nothing can ever be locked on these nodes, as it turned out when they were met; null if nothing did. */
  refusal(): HoldfastError | null;
}
