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
import { Ports } from "../../src/machines/port.js";

const ports = new Ports<object>();

/** A run of a chart, and the actor that shows the run. */
interface InspectedRun {
  readonly actor: Actor<AnyStateMachine>;
  send(event: EventObject): void;
  stop(): void;
}

type StartInspected = (inspect: (event: InspectionEvent) => void, port: object) => InspectedRun;

/** Starts XState's own actor of the machine, from the snapshot that the table's actor starts from. */
export const byXState =
  (machine: AnyStateMachine, input?: object): StartInspected =>
  (inspect, port) => {
    const { value, context } = createActor(machine, { input }).getSnapshot();
    const actor = new Actor(machine, { snapshot: machine.resolveState({ value, context }), inspect });
    ports.bind(actor, port);
    actor.start();
    return { actor, send: (event) => actor.send(event), stop: () => actor.stop() };
  };

/** Starts the table's actor. */
export const byTable =
  (table: Table<AnyStateMachine>, input?: object): StartInspected =>
  (inspect, port) => {
    const run = new TableActor(table, input);
    ports.bind(run, port);
    return { actor: run.toActor(inspect), send: (event) => run.send(event), stop: () => run.stop() };
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

/** The number of inspection events that precede the first event: of the actor, of its start and of its first snapshot. */
export const initialEvents = 3;

/**
 * Runs the chart. Returns a text for everything that an inspector, a subscriber and the port receive, in order.
 * `subscribeAt`: the number of the inspection event at which the inspector subscribes to the actor, unless the actor stops;
 * null for never.
 */
export function inspected(
  machine: AnyStateMachine,
  start: StartInspected,
  events: readonly EventObject[],
  subscribeAt: number | null,
): string[] {
  const seen: string[] = [];
  const definitions = new Map(transitionsOf(machine.root).map((definition, index) => [definition, index]));
  const note = (received: object) => seen.push(JSON.stringify(received));
  let sessionId = "";
  let count = 0;
  const inspect = (event: InspectionEvent) => {
    const { rootId, ...rest } = event;
    const actor = event.actorRef as Actor<AnyStateMachine>;
    sessionId = actor.sessionId;
    note({
      ...rest,
      actorRef: actor.id,
      rootId,
      properties: Object.keys(event),
      ...("snapshot" in event ? { snapshot: shown(event.snapshot as AnyMachineSnapshot) } : {}),
      ...("_transitions" in event
        ? { _transitions: event._transitions.map((one) => definitions.get(one) ?? "unknown") }
        : {}),
    });
    const stops = "event" in event && event.event.type === "xstate.stop";
    if (count++ !== subscribeAt || stops) return;
    actor.subscribe({
      next: (snapshot) => note({ next: shown(snapshot), isCurrent: snapshot === actor.getSnapshot() }),
      complete: () => note({ complete: true }),
    });
  };
  const act = new Proxy({}, { get: (_, name) => () => void note({ act: name }) });
  const run = start(inspect, { acquisition: act, heldLease: act });
  for (const event of events) run.send(event);
  run.stop();
  note(shown(run.actor.getSnapshot()));
  note({ persisted: run.actor.getPersistedSnapshot(), actor: run.actor });
  return seen.map((text) => text.replaceAll(sessionId, "session"));
}
