import { type Actor, type AnyTransitionDefinition, createActor } from "xstate";
import { TableActor } from "../../src/machines/compiled/table-actor.js";
import { lockMachine } from "../../src/machines/lock.js";
import type { LockMachineEvent } from "../../src/machines/lock-events.js";
import { type LockPort, lockPorts } from "../../src/machines/lock-port.js";
import { lockTable } from "../../src/machines/tables.js";

const input = { resources: ["a"] };

/** A run of the lock's chart, by XState's actor or by the transition table, with everything that was observed. */
export interface ChartRun {
  readonly actor: Actor<typeof lockMachine> | TableActor<typeof lockMachine>;
  /** Each call of the port with the state during the call, and the state after each event. */
  readonly seen: unknown[];
  send(event: LockMachineEvent): void;
}

/** A reaction of the port to its nth call. */
export type PortReaction = (run: ChartRun) => void;

export const snapshotOf = (actor: ChartRun["actor"]) => {
  const { value, context } = actor instanceof TableActor ? actor : actor.getSnapshot();
  return { value, context };
};

function observe(actor: ChartRun["actor"], reactions: readonly PortReaction[]): ChartRun {
  const seen: unknown[] = [];
  const send = (event: LockMachineEvent) => {
    actor.send(event);
    seen.push(snapshotOf(actor));
  };
  const run = { actor, seen, send };
  let calls = 0;
  const call = (name: string | symbol, args: readonly unknown[]) => {
    seen.push([name, args, snapshotOf(actor)]);
    reactions[calls++]?.(run);
  };
  const actions = new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...args: unknown[]) =>
          call(name, args),
    },
  );
  // The proxy has a method for every name.
  lockPorts.bind(actor, { acquisition: actions, heldLease: actions } as LockPort);
  return run;
}

export function runActor(
  reactions: readonly PortReaction[] = [],
  takenTransitions = new Set<AnyTransitionDefinition>(),
): ChartRun {
  const actor = createActor(lockMachine, {
    input,
    inspect: (event) => {
      if (event.type === "@xstate.microstep") for (const one of event._transitions) takenTransitions.add(one);
    },
  });
  const run = observe(actor, reactions);
  actor.start();
  run.seen.push(snapshotOf(actor));
  return run;
}

export function runTable(
  reactions: readonly PortReaction[] = [],
): ChartRun & { actor: TableActor<typeof lockMachine> } {
  const actor = new TableActor(lockTable(), input);
  const run = observe(actor, reactions);
  run.seen.push(snapshotOf(actor));
  return { ...run, actor };
}
