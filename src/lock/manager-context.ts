import type { QuorumEngine } from "../engine/quorum/engine.js";
import type { Agenda } from "../engine/time/timer-wheel.js";
import type { HoldfastError } from "../errors.js";
import type { Vigil } from "../manager/active-locks.js";
import type { Probes } from "../manager/observers.js";
import type { SafeEmitter } from "../support/safe-emitter.js";
import type { ManagerEvents } from "./events.js";
import type { InspectionEvent } from "./lock-actor.js";
import type { Ground } from "./settings.js";
import type { Lines } from "./waiting/local-queue.js";

/** What a lock needs of its manager. */
export interface Surroundings extends Ground {
  readonly engine: QuorumEngine;
  readonly events: SafeEmitter<ManagerEvents>;
  readonly probes: Probes;
  readonly vigil: Vigil;
  readonly lines: Lines;
  /** For what keeps no process alive. */
  readonly background: Agenda;
  readonly inspect: ((event: InspectionEvent) => void) | undefined;
  nextAcquisition(): string;
  /** Why nothing can ever be locked on these nodes, as it turned out when they were met; null if nothing did. */
  refusal(): HoldfastError | null;
}
