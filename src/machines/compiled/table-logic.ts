import {
  type ActorScope,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyTransitionDefinition,
  type ContextFrom,
  isMachineSnapshot,
} from "xstate";
import type { InspectedSystem } from "./inspected-actor.js";
import type { CompiledAction, CompiledState, CompiledTransition } from "./table.js";

/** A transition of the table. `definitions`: its definition in the chart, for the inspection event of a step. */
interface InspectableTransition {
  readonly compiled: CompiledTransition;
  readonly definitions: readonly [AnyTransitionDefinition];
}

/** A state of the table. `snapshot`: an XState snapshot in that state, complete but for the context. */
interface InspectableState {
  readonly compiled: CompiledState;
  readonly snapshot: AnyMachineSnapshot;
  readonly on: ReadonlyMap<string, readonly InspectableTransition[]>;
}

type Event = { readonly type: string };
type Scope = ActorScope<AnyMachineSnapshot, Event> & { readonly system: InspectedSystem };

/** The logic of XState actors that take their transitions from a table. */
export interface TableLogic<Machine extends AnyStateMachine> {
  /**
   * Inherits from the machine. An actor of it has the same snapshots, actions and inspection events as an actor of the
   * machine itself, which computes a transition far more slowly.
   */
  readonly machine: Machine;
  snapshotOf(state: CompiledState, context: ContextFrom<Machine>): AnyMachineSnapshot;
}

const logics = new WeakMap<object, TableLogic<AnyStateMachine>>();

/** The logic of a machine with the table that begins with `start`, made when it is first needed. */
export function logicOf<Machine extends AnyStateMachine>(
  machine: Machine,
  start: CompiledTransition,
): TableLogic<Machine> {
  const logic = logics.get(start) ?? deriveLogic(machine, start);
  logics.set(start, logic);
  return logic as TableLogic<Machine>;
}

function deriveLogic(machine: AnyStateMachine, start: CompiledTransition): TableLogic<AnyStateMachine> {
  const states = new Map<CompiledState, InspectableState>();
  addStates(machine, start.target, states);
  const byNode = new Map([...states.values()].map((state) => [leafOf(state.snapshot), state]));
  const snapshotOf = (state: CompiledState, context: object) => ({
    ...states.get(state)!.snapshot,
    context,
  });
  const transition = (snapshot: AnyMachineSnapshot, event: Event, scope: Scope): AnyMachineSnapshot => {
    const { self, system } = scope;
    let context: object = snapshot.context;
    const state = byNode.get(leafOf(snapshot));
    const taken = firstAllowed(state, { context, event, self });
    // XState handles its own events, such as that of a stop, and an event that has no transition here.
    if (taken === null) return machine.transition(snapshot, event, scope);
    const { compiled, definitions } = taken;
    for (const { type, assigns, run } of compiled.steps) {
      const info = { context, event, self, system };
      if (assigns) context = Object.assign({}, context, run(info));
      else scope.actionExecutor({ type, info, params: undefined, exec: run });
    }
    const isSame = context === snapshot.context && compiled.target === state?.compiled;
    const next = isSame ? snapshot : snapshotOf(compiled.target, context);
    system._sendInspectionEvent?.({
      type: "@xstate.microstep",
      actorRef: self,
      event,
      snapshot: next,
      _transitions: definitions,
    });
    return next;
  };
  const restoreSnapshot: AnyStateMachine["restoreSnapshot"] = (snapshot, scope) =>
    isMachineSnapshot(snapshot) ? snapshot : machine.restoreSnapshot(snapshot, scope);
  const own = { transition: { value: transition }, restoreSnapshot: { value: restoreSnapshot } };
  return { machine: Object.create(machine, own), snapshotOf };
}

/** The innermost state node: parents come first. */
const leafOf = ({ _nodes }: AnyMachineSnapshot) => _nodes[_nodes.length - 1];

function firstAllowed(
  state: InspectableState | undefined,
  args: Parameters<CompiledAction>[0] & { readonly event: Event },
): InspectableTransition | null {
  for (const transition of state?.on.get(args.event.type) ?? []) {
    const { guard } = transition.compiled;
    if (guard === null || guard(args)) return transition;
  }
  return null;
}

/** Adds the state and all states that can be reached from it. */
function addStates(
  machine: AnyStateMachine,
  compiled: CompiledState,
  states: Map<CompiledState, InspectableState>,
): void {
  if (states.has(compiled)) return;
  const on = new Map<string, InspectableTransition[]>();
  const { value } = compiled;
  const snapshot = { ...machine.resolveState({ value, context: {} }), value } as AnyMachineSnapshot;
  states.set(compiled, { compiled, snapshot, on });
  // A transition of an inner state takes precedence.
  const nodes = [...snapshot._nodes].reverse();
  for (const [type, transitions] of compiled.on) {
    const definitions = nodes.flatMap(({ transitions }) => transitions.get(type) ?? []);
    on.set(
      type,
      definitions.flatMap((definition, index) => {
        const found = transitions[index];
        return found === undefined ? [] : [{ compiled: found, definitions: [definition] }];
      }),
    );
    for (const { target } of transitions) addStates(machine, target, states);
  }
}
