import type { ChartModel, ChartState, ChartTransition } from "./model.js";

/** A machine's configuration for XState 5 and for the import of Stately's editor: names only, no functions. */
export interface StatelyMachine extends StatelyState {
  readonly id: string;
}

export interface StatelyState {
  readonly initial?: string;
  readonly entry?: readonly string[];
  readonly exit?: readonly string[];
  readonly on?: Readonly<Record<string, readonly StatelyTransition[]>>;
  readonly states?: Readonly<Record<string, StatelyState>>;
}

export interface StatelyTransition {
  readonly target?: string;
  readonly guard?: string;
  readonly actions?: readonly string[];
  readonly reenter?: true;
}

/** The chart as the argument of `createMachine`. The implementations of guards and actions are up to the caller. */
export const statelyOf = (model: ChartModel): StatelyMachine => ({
  id: model.name,
  initial: keyOf(model.initial),
  ...onOf("", model),
  states: statesOf(model.states, model),
});

const keyOf = (path: string): string => path.slice(path.lastIndexOf(".") + 1);

const statesOf = (states: readonly ChartState[], model: ChartModel): Record<string, StatelyState> =>
  Object.fromEntries(states.map((state) => [keyOf(state.path), stateOf(state, model)]));

const stateOf = ({ path, initial, entry, exit, states }: ChartState, model: ChartModel): StatelyState => ({
  ...(initial === null ? {} : { initial: keyOf(initial) }),
  ...(entry.length === 0 ? {} : { entry }),
  ...(exit.length === 0 ? {} : { exit }),
  ...onOf(path, model),
  ...(states.length === 0 ? {} : { states: statesOf(states, model) }),
});

function onOf(path: string, { name, transitions }: ChartModel): Pick<StatelyState, "on"> {
  const own = transitions.filter(({ from }) => from === path);
  const events = [...new Set(own.map(({ event }) => event))];
  if (events.length === 0) return {};
  const on = events.map((event) => [
    event,
    own.filter((one) => one.event === event).map((one) => transitionOf(one, name)),
  ]);
  return { on: Object.fromEntries(on) };
}

/** Targets are absolute paths, which mean the same in every state. */
const transitionOf = (
  { to, guard, actions, reenter }: ChartTransition,
  machine: string,
): StatelyTransition => ({
  ...(to === null ? {} : { target: `#${machine}.${to}` }),
  ...(guard === null ? {} : { guard }),
  ...(actions.length === 0 ? {} : { actions }),
  ...(reenter ? { reenter } : {}),
});
