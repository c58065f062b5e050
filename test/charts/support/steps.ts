import { type AnyStateMachine, transition } from "xstate";
import { pathOf } from "../../../src/machines/compiled/table.js";
import { describedBy } from "./described.js";

export interface Taken {
  readonly from: string;
  readonly event: string;
  readonly to: string;
}

const stateValueOf = (path: string): string | Record<string, string> => {
  const [outer = "", inner] = path.split(".");
  return inner === undefined ? outer : { [outer]: inner };
};

/** The same chart, with all guards returning the same value and actions without effect. */
function shapeOf(machine: AnyStateMachine, allowed: boolean): AnyStateMachine {
  const { transitions, entries } = describedBy(machine);
  const names = [...transitions.flatMap(({ actions }) => actions), ...entries.map(([, action]) => action)];
  return machine.provide({
    actions: Object.fromEntries(names.map((name) => [name, () => {}])),
    guards: Object.fromEntries(
      transitions.flatMap(({ guard }) => (guard === null ? [] : [[guard, () => allowed]])),
    ),
  });
}

/** The machine's steps in every state, on every event that it accepts there, for both results of the guards. */
export function stepsOf(machine: AnyStateMachine): Taken[] {
  const { states, transitions } = describedBy(machine);
  const leaves = states.filter((path) => !states.some((other) => other.startsWith(`${path}.`)));
  const steps = [true, false].flatMap((allowed) => {
    const shape = shapeOf(machine, allowed);
    return leaves.flatMap((from) =>
      [...new Set(transitions.map(({ event }) => event))].flatMap((type) => {
        const snapshot = shape.resolveState({ value: stateValueOf(from), context: {} });
        if (!snapshot.can({ type })) return [];
        const [next] = transition(shape, snapshot, { type });
        return [{ from, event: type, to: pathOf(next.value) }];
      }),
    );
  });
  return [...new Map(steps.map((step) => [JSON.stringify(step), step])).values()];
}
