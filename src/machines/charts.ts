import { Actor, type ActorOptions, type AnyStateMachine, type ContextFrom, type StateValue } from "xstate";
import { lockMachine } from "./lock.js";
import { managerMachine } from "./manager.js";
import { nodeMachine } from "./node.js";

/** All charts. */
export const charts = { lock: lockMachine, node: nodeMachine, manager: managerMachine };

export type ChartName = keyof typeof charts;

/** Starts an XState actor from this state, without entering the state again. */
export function startActor<Machine extends AnyStateMachine>(
  machine: Machine,
  { value, context }: { readonly value: StateValue; readonly context: ContextFrom<Machine> },
  options?: Pick<ActorOptions<Machine>, "inspect">,
): Actor<Machine> {
  const snapshot = machine.resolveState({ value, context });
  return new Actor(machine, { ...options, snapshot }).start();
}
