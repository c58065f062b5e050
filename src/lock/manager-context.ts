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

/** The parts of a manager that its locks need. */
export interface ManagerContext extends ManagerSettings {
  readonly engine: QuorumEngine;
  readonly events: SafeEmitter<ManagerEvents>;
  readonly observers: Observers;
  readonly activeLocks: ActiveLocks;
  readonly localQueue: LocalQueue;
  /** A timer wheel that does not keep the process alive. */
  readonly background: TimerWheel;
  readonly inspect: ((event: InspectionEvent) => void) | undefined;
  nextAcquisition(): string;
  /** Returns why these nodes can never grant a lock together, as far as this is known. Null if no reason is known. */
  refusal(): HoldfastError | null;
}
