import type { AnyStateMachine, AnyStateNode } from "xstate";

/** A machine's chart as plain data, without positions. */
export interface ChartModel {
  readonly name: string;
  /** Path of the initial state. */
  readonly initial: string;
  readonly states: readonly ChartState[];
  /** In the machine's order: of several transitions for one event the first allowed one is taken. */
  readonly transitions: readonly ChartTransition[];
}

export interface ChartState {
  /** With its parents: "acquiring.asking". */
  readonly path: string;
  /** Path of the initial substate; null if there are no substates. */
  readonly initial: string | null;
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly states: readonly ChartState[];
}

export interface ChartTransition {
  /** Path of the source; empty if the transition applies to every state. */
  readonly from: string;
  /** Path of the target; null if the transition neither leaves nor enters a state. */
  readonly to: string | null;
  readonly event: string;
  readonly guard: string | null;
  readonly actions: readonly string[];
  /** Whether a transition to the source itself, or into it, leaves the source first. */
  readonly reenter: boolean;
}

/**
 * Builds the model of a machine.
 * @throws Error if a chart could not show the machine correctly
 */
export function modelOf(machine: AnyStateMachine): ChartModel {
  const { root } = machine;
  check(root);
  return {
    name: machine.id,
    initial: initialOf(root) ?? refuse(root, "no states"),
    states: statesOf(root),
    transitions: [...transitionsOf(root)],
  };
}

/** Yields every state, each before its substates. */
export function* allStates(states: readonly ChartState[]): Generator<ChartState> {
  for (const state of states) {
    yield state;
    yield* allStates(state.states);
  }
}

const pathOf = (node: AnyStateNode): string => node.path.join(".");

const childrenOf = (node: AnyStateNode): AnyStateNode[] => Object.values(node.states);

function refuse(node: AnyStateNode, what: string): never {
  throw new Error(`No chart can be drawn: state "${node.id}" has ${what}`);
}

function check(node: AnyStateNode): void {
  if (!["atomic", "compound"].includes(node.type)) refuse(node, `the type "${node.type}"`);
  for (const key of ["always", "after", "invoke", "onDone"]) if (key in node.config) refuse(node, `"${key}"`);
  childrenOf(node).forEach(check);
}

/** XState gives a state without substates itself as its initial state. */
function initialOf(node: AnyStateNode): string | null {
  const [target] = node.type === "compound" ? (node.initial.target ?? []) : [];
  return target === undefined ? null : pathOf(target);
}

const statesOf = (parent: AnyStateNode): ChartState[] =>
  childrenOf(parent).map((node) => ({
    path: pathOf(node),
    initial: initialOf(node),
    entry: node.entry.map((action) => nameOf(action, node, "an action")),
    exit: node.exit.map((action) => nameOf(action, node, "an action")),
    states: statesOf(node),
  }));

function* transitionsOf(node: AnyStateNode): Generator<ChartTransition> {
  for (const { eventType, target, guard, actions, reenter } of [...node.transitions.values()].flat()) {
    if (target !== undefined && target.length > 1) refuse(node, "a transition to several states");
    yield {
      from: pathOf(node),
      to: target?.[0] === undefined ? null : pathOf(target[0]),
      event: eventType,
      guard: guard === undefined ? null : nameOf(guard, node, "a guard"),
      actions: actions.map((action) => nameOf(action, node, "an action")),
      reenter,
    };
  }
  for (const child of childrenOf(node)) yield* transitionsOf(child);
}

/** The name of an action or a guard, given as a string or as the type of an object. */
function nameOf(given: unknown, node: AnyStateNode, what: string): string {
  if (typeof given === "string") return given;
  if (typeof given === "object" && given !== null && "type" in given && typeof given.type === "string")
    return given.type;
  return refuse(node, `${what} without a name`);
}
