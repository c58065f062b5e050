import type { AnyStateMachine, EventObject, StateValue } from "xstate";

/** How the paths through a chart are walked with something real, or a model of it, at its other end. */
export interface Walk {
  readonly machine: AnyStateMachine;
  /** Every path on which no state comes twice, at least. */
  readonly paths: readonly (readonly EventObject[])[];
  /** Checks each step. The states that it came through, from the first one on. */
  along(path: readonly EventObject[]): Promise<readonly StateValue[]> | readonly StateValue[];
}
