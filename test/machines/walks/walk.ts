import type { AnyStateMachine, EventObject, StateValue } from "xstate";

/** Runs the paths through a chart against the real object that the chart drives, or a model of that object. */
export interface Walk {
  readonly machine: AnyStateMachine;
  /** The paths. They include every path without a repeated state. */
  readonly paths: readonly (readonly EventObject[])[];
  /** Runs one path, checks each step and returns the states, the initial state included. */
  along(path: readonly EventObject[]): Promise<readonly StateValue[]> | readonly StateValue[];
}
