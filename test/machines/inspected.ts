import {
  Actor,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type AnyStateNode,
  type AnyTransitionDefinition,
  createActor,
  type EventObject,
  type InspectionEvent,
} from "xstate";
import type { Table } from "../../src/machines/compiled/table.js";
import { TableActor } from "../../src/machines/compiled/table-actor.js";

/** A run of a chart, and the actor that shows the run. */
interface InspectedRun {
  readonly actor: Actor<AnyStateMachine>;
  send(event: EventObject): void;
  stop(): void;
}

export type StartInspected = (inspect: (event: InspectionEvent) => void) => InspectedRun;

/** Starts XState's own actor of the machine, from the snapshot that the table's actor starts from. */
export const byXState =
  (machine: AnyStateMachine, input?: object): StartInspected =>
  (inspect) => {
    const { value, context } = createActor(machine, { input }).getSnapshot();
    const actor = new Actor(machine, { snapshot: machine.resolveState({ value, context }), inspect }).start();
    return { actor, send: (event) => actor.send(event), stop: () => actor.stop() };
  };

/** Starts the table's actor. */
export const byTable =
  (table: Table<AnyStateMachine>, input?: object): StartInspected =>
  (inspect) => {
    const run = new TableActor(table, input);
    return { actor: run.toActor({ inspect }), send: (event) => run.send(event), stop: () => run.stop() };
  };

/** All definitions of transitions in the chart. */
export const transitionsOf = (node: AnyStateNode): AnyTransitionDefinition[] => [
  ...[...node.transitions.values()].flat(),
  ...Object.values<AnyStateNode>(node.states).flatMap(transitionsOf),
];

/** All properties of a snapshot, in their order. State nodes are shown by their ids. */
const shown = (snapshot: AnyMachineSnapshot) => ({
  ...snapshot,
  properties: Object.keys(snapshot),
  toJSON: undefined,
  machine: snapshot.machine.id,
  _nodes: snapshot._nodes.map(({ id }) => id),
  tags: [...snapshot.tags],
});

/** Runs the chart. Returns a text for everything that an inspector and a subscriber receive, in order. */
export function inspected(
  machine: AnyStateMachine,
  start: StartInspected,
  events: readonly EventObject[],
): string[] {
  const seen: string[] = [];
  const definitions = new Map(transitionsOf(machine.root).map((definition, index) => [definition, index]));
  const note = (received: object) => seen.push(JSON.stringify(received));
  const run = start((event) => {
    const { actorRef, rootId, ...rest } = event;
    note({
      ...rest,
      isOfRoot: (actorRef as Actor<AnyStateMachine>).sessionId === rootId,
      ...("snapshot" in event ? { snapshot: shown(event.snapshot as AnyMachineSnapshot) } : {}),
      ...("_transitions" in event
        ? { _transitions: event._transitions.map((one) => definitions.get(one) ?? "unknown") }
        : {}),
    });
  });
  run.actor.subscribe({
    next: (snapshot) => note({ next: shown(snapshot), isCurrent: snapshot === run.actor.getSnapshot() }),
    complete: () => note({ complete: true }),
  });
  for (const event of events) run.send(event);
  run.stop();
  note({ persisted: run.actor.getPersistedSnapshot(), actor: run.actor });
  return seen.map((text) => text.replaceAll(run.actor.sessionId, "session"));
}
