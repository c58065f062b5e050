import type { Actor, AnyStateMachine, ContextFrom, InputFrom, InspectionEvent, StateValue } from "xstate";

/** A transition by the names of its parts. `target`: the path of the next state. `actions`: in order. */
export interface TransitionNames {
  readonly guard: string | null;
  readonly target: string;
  readonly actions: readonly string[];
}

/** The table of a chart by names, as plain data. The states are those without substates, by their paths. */
export interface TableNames {
  readonly start: TransitionNames;
  readonly states: Readonly<
    Record<
      string,
      { readonly value: StateValue; readonly on: Readonly<Record<string, readonly TransitionNames[]>> }
    >
  >;
}

/** The functions that a chart names. `updates` return the properties of the context that change. */
export interface ChartActions {
  readonly guards: Readonly<Record<string, (args: never) => boolean>>;
  readonly updates: Readonly<Record<string, (args: never) => object>>;
  readonly effects: Readonly<Record<string, (args: never) => void>>;
}

/** A guard, an update or an effect. XState also passes `spawn` and `system`; using them here fails at once. */
export type CompiledAction = (args: { context: object; event: object; self: object }) => unknown;

/** An action. `type`: its name. One that `assigns` returns an update of the context. */
interface CompiledStep {
  readonly type: string;
  readonly assigns: boolean;
  readonly run: CompiledAction;
}

/** A transition. `steps`: the actions in order. */
export interface CompiledTransition {
  readonly guard: CompiledAction | null;
  readonly target: CompiledState;
  readonly steps: readonly CompiledStep[];
}

/**
 * A state without substates. `state`: the name of its top-level state. `path`: all names down to this state,
 * "acquiring.asking". `on`: the transitions by event type; the first allowed transition is taken.
 */
export interface CompiledState {
  readonly value: StateValue;
  readonly state: string;
  readonly path: string;
  readonly on: Map<string, readonly CompiledTransition[]>;
}

/** The flat transition table of a state machine. */
export interface Table<Machine extends AnyStateMachine> {
  readonly start: CompiledTransition;
  context(args: { input: InputFrom<Machine> }): ContextFrom<Machine>;
  /**
   * Starts an actor that is XState's own from this state, without entering the state again. The actor takes its transitions from
   * `start`. `inspect`: receives its inspection events.
   */
  startActor(
    start: CompiledTransition,
    state: CompiledState,
    context: ContextFrom<Machine>,
    inspect?: Inspect,
  ): Actor<Machine>;
}

export type Inspect = (event: InspectionEvent) => void;

/** The top-level state's name. */
export const topOf = (value: StateValue): string =>
  typeof value === "string" ? value : Object.keys(value).join();

/** The state with its substate: "acquiring.asking". */
export const pathOf = (value: StateValue): string =>
  typeof value === "string"
    ? value
    : Object.entries(value)
        .map(([state, inner]) => (inner === undefined ? state : `${state}.${pathOf(inner)}`))
        .join();

/** Puts the functions in place of their names. Returns the initial transition. */
export function linkTable({ start, states }: TableNames, actions: ChartActions): CompiledTransition {
  // Only the chart's own events and context reach the functions.
  const { guards, updates, effects } = actions as Record<keyof ChartActions, Record<string, CompiledAction>>;
  const linked = new Map<string, CompiledState>();
  for (const [path, { value }] of Object.entries(states))
    linked.set(path, { value: frozen(value), state: topOf(value), path, on: new Map() });
  const stepOf = (type: string): CompiledStep => {
    const update = updates[type];
    return update ? { type, assigns: true, run: update } : { type, assigns: false, run: effects[type]! };
  };
  const transitionOf = ({ guard, target, actions }: TransitionNames): CompiledTransition => ({
    guard: guard === null ? null : guards[guard]!,
    target: linked.get(target)!,
    steps: actions.map(stepOf),
  });
  for (const { path, on } of linked.values())
    for (const [type, transitions] of Object.entries(states[path]!.on))
      on.set(type, transitions.map(transitionOf));
  return transitionOf(start);
}

const frozen = (value: StateValue): StateValue =>
  JSON.parse(JSON.stringify(value), (_, part) => Object.freeze(part));
