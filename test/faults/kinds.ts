import { clientKinds } from "./client-kinds.js";
import { groupKinds } from "./group-kinds.js";
import type { Aim, Kind } from "./kind.js";
import { serverKinds } from "./server-kinds.js";

/** All kinds of faults, by the names under which they are reported. */
const kinds = { ...serverKinds, ...clientKinds, ...groupKinds };

export type FaultKind = keyof typeof kinds;

export const kindNames = Object.keys(kinds) as readonly FaultKind[];

export const kindOf = (name: FaultKind): Kind => kinds[name];

/** A planned fault. */
export interface Fault extends Aim {
  readonly kind: FaultKind;
  /** ms from the start of the run. */
  readonly at: number;
  /** The duration in ms. */
  readonly ms: number;
}
