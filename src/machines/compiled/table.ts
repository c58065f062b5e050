import {
  type AnyStateMachine,
  type AnyStateNode,
  createMachine,
  getNextTransitions,
  initialTransition,
  type StateValue,
  transition,
} from "xstate";

/** A guard, an action or an assignment. XState also passes `spawn` and `system`; using them here fails at once. */
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

/** The flat transition table of a state machine, with its initial transition. */
export interface Table<Machine extends AnyStateMachine> {
  readonly machine: Machine;
  readonly start: CompiledTransition;
}

/** XState marks its own actions and guards with these properties. */
type Named = CompiledAction & { resolve?: unknown; check?: unknown; assignment?: CompiledAction | object };
type ByName = Record<string, Named | undefined>;

/** XState's own types would require more arguments, see `CompiledAction`. */
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

function stepOf(type: string, run: Named): CompiledStep {
  const { assignment } = run;
  if (!assignment) return { type, assigns: false, run };
  if (typeof assignment === "function") return { type, assigns: true, run: assignment as CompiledAction };
  const parts = Object.entries(assignment).map(
    ([key, part]) => [key, typeof part === "function" ? part : () => part] as const,
  );
  const update: CompiledAction = (args) => Object.fromEntries(parts.map(([key, part]) => [key, part(args)]));
  return { type, assigns: true, run: update };
}

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

/** Derives the table of a machine by asking XState for the next state and the actions for each state and event. */
export function tableOf<Machine extends AnyStateMachine>(machine: Machine): Table<Machine> {
  check(machine.root);
  const { actions, guards } = namedOf(machine);
  const stubs = <Stub>(all: ByName, stub: (name: string) => Stub): Record<string, Stub> =>
    Object.fromEntries(Object.keys(all).map((name) => [name, stub(name)]));
  let refusals = 0;
  let allowed: CompiledAction | null = null;
  const guardOf = (name: string) => () => {
    if (refusals-- > 0) return false;
    allowed = guards[name]!;
    return true;
  };
  // The same state machine, except that its actions do nothing, and that its guards refuse `refusals` times before one of
  // them allows the transition.
  const shape = createMachine(
    { ...machine.config, context: {} },
    { actions: stubs(actions, () => () => {}), guards: stubs(guards, guardOf) },
  );
  const leaves = new Map<string, CompiledState>();
  const transitionOf = ([{ value }, todo]: ReturnType<
    typeof transition<typeof shape>
  >): CompiledTransition => {
    const [guard, steps] = [allowed, todo.map(({ type }) => stepOf(type, actions[type]!))];
    return { guard, target: leafOf(value), steps };
  };
  const leafOf = (found: StateValue): CompiledState => {
    const key = JSON.stringify(found);
    const value: StateValue = JSON.parse(key, (_, part) => Object.freeze(part));
    const leaf = leaves.get(key) ?? {
      value,
      state: topOf(value),
      path: pathOf(value),
      on: new Map<string, CompiledTransition[]>(),
    };
    if (leaves.has(key)) return leaf;
    leaves.set(key, leaf);
    const snapshot = shape.resolveState({ value, context: {} });
    for (const type of new Set(getNextTransitions(snapshot).map(({ eventType }) => eventType))) {
      const transitions: CompiledTransition[] = [];
      // Until no guard that could allow the transition was evaluated: the last transition has no guard.
      while (transitions.at(-1)?.guard !== null) {
        refusals = transitions.length;
        allowed = null;
        transitions.push(transitionOf(transition(shape, snapshot, { type })));
      }
      leaf.on.set(type, transitions);
    }
    return leaf;
  };
  const start = transitionOf(initialTransition(shape));
  if (start.steps.some(({ assigns }) => !assigns))
    reject(machine.root, "an effect at the start, when no port is bound");
  return { machine, start };
}
