import {
  type AnyStateMachine,
  type AnyStateNode,
  createMachine,
  getNextTransitions,
  initialTransition,
  type StateValue,
  transition,
} from "xstate";
import { pathOf, type TableNames, type TransitionNames } from "./table.js";

/** XState marks its own actions and guards with these properties. */
type Named = { resolve?: unknown; check?: unknown; assignment?: unknown };
type ByName = Record<string, Named | undefined>;

/** XState's own types do not show these properties. */
const namedOf = (machine: AnyStateMachine) =>
  machine.implementations as unknown as { actions: ByName; guards: ByName };

function reject(node: AnyStateNode, what: string): never {
  throw new Error(`No table can be derived: state "${node.id}" has ${what}`);
}

/** Rejects what a table cannot represent. XState checks everything else. */
function check(node: AnyStateNode): void {
  const { actions, guards } = namedOf(node.machine);
  const checkNamed = (name: unknown, among: ByName, what: string) => {
    const run =
      typeof name === "string" ? among[name] : reject(node, `${what} that is not given by name alone`);
    if (run === undefined) reject(node, `${what} "${name}" that is not implemented`);
    else if ((run.resolve && !run.assignment) || run.check)
      reject(node, `${what} "${name}" that is one of XState's own`);
  };
  if (!["compound", node.parent && "atomic"].includes(node.type)) reject(node, `the type "${node.type}"`);
  for (const key of ["always", "after", "invoke", "onDone", "route"])
    if (key in node.config) reject(node, `"${key}"`);
  for (const type of node.transitions.keys())
    if (type.includes("*")) reject(node, `the wildcard event "${type}"`);
  Object.values<AnyStateNode>(node.states).forEach(check);
  const transitions = [node.initial, ...[...node.transitions.values()].flat()];
  for (const action of [node.entry, node.exit, ...transitions.map(({ actions }) => actions)].flat())
    checkNamed(action, actions, "an action");
  for (const { guard } of transitions) if (guard) checkNamed(guard, guards, "a guard");
}

/** Derives the table of a machine by asking XState for the next state and the actions for each state and event. */
export function deriveTable(machine: AnyStateMachine): TableNames {
  check(machine.root);
  const { actions, guards } = namedOf(machine);
  const stubs = <Stub>(all: ByName, stub: (name: string) => Stub): Record<string, Stub> =>
    Object.fromEntries(Object.keys(all).map((name) => [name, stub(name)]));
  let refusals = 0;
  let allowed: string | null = null;
  const guardOf = (name: string) => () => {
    if (refusals-- > 0) return false;
    allowed = name;
    return true;
  };
  // The same state machine, except that its actions do nothing, and that its guards refuse `refusals` times before one of
  // them allows the transition.
  const shape = createMachine(
    { ...machine.config, context: {} },
    { actions: stubs(actions, () => () => {}), guards: stubs(guards, guardOf) },
  );
  const states: Record<string, { value: StateValue; on: Record<string, TransitionNames[]> }> = {};
  const transitionOf = ([{ value }, todo]: ReturnType<typeof transition<typeof shape>>): TransitionNames => {
    const guard = allowed;
    return { guard, target: visit(value), actions: todo.map(({ type }) => type) };
  };
  const visit = (value: StateValue): string => {
    const path = pathOf(value);
    if (path in states) return path;
    const on: Record<string, TransitionNames[]> = {};
    states[path] = { value, on };
    const snapshot = shape.resolveState({ value, context: {} });
    for (const type of new Set(getNextTransitions(snapshot).map(({ eventType }) => eventType))) {
      const transitions: TransitionNames[] = [];
      // Until no guard that could allow the transition was evaluated: the last transition has no guard.
      while (transitions.at(-1)?.guard !== null) {
        refusals = transitions.length;
        allowed = null;
        transitions.push(transitionOf(transition(shape, snapshot, { type })));
      }
      on[type] = transitions;
    }
    return path;
  };
  const start = transitionOf(initialTransition(shape));
  if (start.actions.some((name) => !actions[name]?.assignment))
    reject(machine.root, "an effect at the start, when no port is bound");
  return { start, states };
}
