import type { AnyStateMachine, AnyStateNode } from "xstate";

/** A machine's chart as plain data: what it shows, and not yet where. */
export interface ChartModel {
  readonly name: string;
  /** Path of the state it begins in. */
  readonly initial: string;
  readonly states: readonly ChartState[];
  /** In the order in which the machine lists them: of several for one event the first allowed one is taken. */
  readonly transitions: readonly ChartTransition[];
}

export interface ChartState {
  /** With its parents: "acquiring.asking". */
  readonly path: string;
  /** Path of the state within it that it begins in; null for one without. */
  readonly initial: string | null;
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly states: readonly ChartState[];
}

export interface ChartTransition {
  /** Path; empty if it is taken in every state. */
  readonly from: string;
  /** Path; null if it leaves no state, and enters none. */
  readonly to: string | null;
  readonly event: string;
  readonly guard: string | null;
  readonly actions: readonly string[];
  /** Whether one that leads to its own state, or into it, leaves it first. */
  readonly reenter: boolean;
}

/** What a chart shows of a machine. Throws an Error for what it could not show truly. */
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

/** Every state, each before those that are in it. */
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

/** A state without states within it is its own, for XState. */
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

/** Actions and guards are given by name, alone or as the type of an object. */
function nameOf(given: unknown, node: AnyStateNode, what: string): string {
  if (typeof given === "string") return given;
  if (typeof given === "object" && given !== null && "type" in given && typeof given.type === "string")
    return given.type;
  return refuse(node, `${what} without a name`);
}
