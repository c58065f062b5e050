import { type Actor, type AnyTransitionDefinition, createActor } from "xstate";
import { TableActor } from "../../src/machines/compiled/table-actor.js";
import { lockMachine, lockTable } from "../../src/machines/lock.js";
import type { LockMachineEvent } from "../../src/machines/lock-events.js";
import { type LockPort, lockPorts } from "../../src/machines/lock-port.js";

const input = { resources: ["a"] };

/** A lock's chart that runs one way or the other, and all that it did and showed. */
export interface Lived {
  readonly actor: Actor<typeof lockMachine> | TableActor<typeof lockMachine>;
  /** Each call of the port, with what was to be seen meanwhile; and what was to be seen after each event. */
  readonly seen: unknown[];
  send(event: LockMachineEvent): void;
}

/** What the port's nth call does by itself. */
export type Act = (lived: Lived) => void;

export const look = (actor: Lived["actor"]) => {
  const { value, context } = actor instanceof TableActor ? actor : actor.getSnapshot();
  return { value, context };
};

function live(actor: Lived["actor"], acts: readonly Act[]): Lived {
  const seen: unknown[] = [];
  const send = (event: LockMachineEvent) => {
    actor.send(event);
    seen.push(look(actor));
  };
  const lived = { actor, seen, send };
  let calls = 0;
  const call = (name: string | symbol, args: readonly unknown[]) => {
    seen.push([name, args, look(actor)]);
    acts[calls++]?.(lived);
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
  // It answers to every name.
  lockPorts.bind(actor, { acquisition: actions, heldLease: actions } as LockPort);
  return lived;
}

export function byActor(acts: readonly Act[] = [], taken = new Set<AnyTransitionDefinition>()): Lived {
  const actor = createActor(lockMachine, {
    input,
    inspect: (event) => {
      if (event.type === "@xstate.microstep") for (const one of event._transitions) taken.add(one);
    },
  });
  const lived = live(actor, acts);
  actor.start();
  lived.seen.push(look(actor));
  return lived;
}

export function byTable(acts: readonly Act[] = []): Lived & { actor: TableActor<typeof lockMachine> } {
  const actor = new TableActor(lockTable(), input);
  const lived = live(actor, acts);
  lived.seen.push(look(actor));
  return { ...lived, actor };
}
