import {
  type AnyStateMachine,
  type AnyStateNode,
  createMachine,
  getNextTransitions,
  initialTransition,
  type StateValue,
  transition,
} from "xstate";

/** A guard, an action or an assignment. XState gives `spawn` and `system` too: to use them here fails at once. */
export type CompiledAction = (args: { context: object; event: object; self: object }) => unknown;

/** `steps`: the actions in order. One that `assigns` returns an update of the context. */
export interface CompiledTransition {
  readonly guard: CompiledAction | null;
  readonly target: CompiledState;
  readonly steps: readonly { readonly assigns: boolean; readonly run: CompiledAction }[];
}

/** A state without substates. `state`: its top-level state; `path`: with all between, "acquiring.asking". `on`: by event type; the first allowed arrow is taken. */
export interface CompiledState {
  readonly value: StateValue;
  readonly state: string;
  readonly path: string;
  readonly on: Map<string, readonly CompiledTransition[]>;
}

/** A machine's transitions, laid flat, and how it begins. */
export interface Table<Machine extends AnyStateMachine> {
  readonly machine: Machine;
  readonly start: CompiledTransition;
}

/** By these marks XState itself tells its own actions and guards. */
type Named = CompiledAction & { resolve?: unknown; check?: unknown; assignment?: CompiledAction | object };
type ByName = Record<string, Named | undefined>;

/** XState's own types would have them called with more, see `Run`. */
const namedOf = (machine: AnyStateMachine) =>
  machine.implementations as unknown as { actions: ByName; guards: ByName };

function refuse(node: AnyStateNode, what: string): never {
  throw new Error(`No table can be derived: state "${node.id}" has ${what}`);
}

/** Refuses what a table cannot hold; all else is XState's to say. */
function check(node: AnyStateNode): void {
  const { actions, guards } = namedOf(node.machine);
  const checkNamed = (name: unknown, among: ByName, what: string) => {
    const run =
      typeof name === "string" ? among[name] : refuse(node, `${what} that is not given by name alone`);
    if (run === undefined) refuse(node, `${what} "${name}" that is not implemented`);
    else if ((run.resolve && !run.assignment) || run.check)
      refuse(node, `${what} "${name}" that is one of XState's own`);
  };
  if (!["compound", node.parent && "atomic"].includes(node.type)) refuse(node, `the type "${node.type}"`);
  for (const key of ["always", "after", "invoke", "onDone", "route"])
    if (key in node.config) refuse(node, `"${key}"`);
  for (const type of node.transitions.keys())
    if (type.includes("*")) refuse(node, `the wildcard event "${type}"`);
  Object.values<AnyStateNode>(node.states).forEach(check);
  const arrows = [node.initial, ...[...node.transitions.values()].flat()];
  for (const action of [node.entry, node.exit, ...arrows.map(({ actions }) => actions)].flat())
    checkNamed(action, actions, "an action");
  for (const { guard } of arrows) if (guard) checkNamed(guard, guards, "a guard");
}

function stepOf(run: Named): CompiledTransition["steps"][number] {
  const { assignment } = run;
  if (!assignment) return { assigns: false, run };
  if (typeof assignment === "function") return { assigns: true, run: assignment as CompiledAction };
  const parts = Object.entries(assignment).map(
    ([key, part]) => [key, typeof part === "function" ? part : () => part] as const,
  );
  return { assigns: true, run: (args) => Object.fromEntries(parts.map(([key, part]) => [key, part(args)])) };
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

/** Derives a machine's table, by asking XState where each state goes on each event, and with which actions. */
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
  // The same chart, but its actions do nothing, and its guards refuse so many times before one of them allows.
  const shape = createMachine(
    { ...machine.config, context: {} },
    { actions: stubs(actions, () => () => {}), guards: stubs(guards, guardOf) },
  );
  const leaves = new Map<string, CompiledState>();
  const arrowOf = ([{ value }, todo]: ReturnType<typeof transition<typeof shape>>): CompiledTransition => {
    const [guard, steps] = [allowed, todo.map(({ type }) => stepOf(actions[type]!))];
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
      const arrows: CompiledTransition[] = [];
      // Until no guard has been asked that could allow it: what happens then happens without one.
      while (arrows.at(-1)?.guard !== null) {
        refusals = arrows.length;
        allowed = null;
        arrows.push(arrowOf(transition(shape, snapshot, { type })));
      }
      leaf.on.set(type, arrows);
    }
    return leaf;
  };
  const start = arrowOf(initialTransition(shape));
  if (start.steps.some(({ assigns }) => !assigns))
    refuse(machine.root, "an effect at the start, when no port is bound");
  return { machine, start };
}
