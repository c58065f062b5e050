import type { Agenda } from "../engine/agenda.js";
import type { QuorumEngine } from "../engine/engine.js";
import type { HoldfastError } from "../errors.js";
import type { InspectionEvent } from "./actor.js";
import type { SafeEmitter } from "./emitter.js";
import type { ManagerEvents } from "./events.js";
import type { Probes } from "./probes.js";
import type { Ground } from "./settings.js";
import type { Vigil } from "./vigil.js";
import type { Lines } from "./waiting/lines.js";

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
