import { Actor, type AnyStateMachine, type ContextFrom } from "xstate";
import { InspectedActor } from "./compiled/inspected-actor.js";
import type { CompiledState, CompiledTransition, Inspect } from "./compiled/table.js";
import { logicOf } from "./compiled/table-logic.js";
import { electionMachine } from "./election.js";
import { lockMachine } from "./lock.js";
import { managerMachine } from "./manager.js";
import { nodeMachine } from "./node.js";
import { sharedMachine } from "./shared.js";

/** All charts. */
export const charts = {
  lock: lockMachine,
  node: nodeMachine,
  manager: managerMachine,
  election: electionMachine,
  shared: sharedMachine,
};

export type ChartName = keyof typeof charts;

/**
 * Starts an actor of the machine in this state, without entering the state again. Its transitions come from the table that begins
 * with `start`.
 */
export function startActor<Machine extends AnyStateMachine>(
  machine: Machine,
  start: CompiledTransition,
  state: CompiledState,
  context: ContextFrom<Machine>,
  inspect?: Inspect,
): Actor<Machine> {
  const logic = logicOf(machine, start);
  const snapshot = logic.snapshotOf(state, context);
  if (inspect === undefined) return new Actor(logic.machine, { snapshot }).start();
  // It has the members of XState's actor.
  return new InspectedActor(logic.machine, snapshot, inspect) as unknown as Actor<Machine>;
}
