import type { AnyStateMachine, ContextFrom } from "xstate";
import { startActor } from "../../src/machines/charts.js";
import { deriveTable } from "../../src/machines/compiled/derive-table.js";
import { linkTable, type Table } from "../../src/machines/compiled/table.js";

type Action = (args: object) => object;
type Named = Action & { readonly assignment?: Action | Readonly<Record<string, unknown>> };

/** The function of an `assign`, which may be given as an object. */
function updateOf(assignment: NonNullable<Named["assignment"]>): Action {
  if (typeof assignment === "function") return assignment as Action;
  return (args) =>
    Object.fromEntries(
      Object.entries(assignment).map(([key, part]) => [key, typeof part === "function" ? part(args) : part]),
    );
}

/** The table of a machine, with the actions and the guards that the machine was given. */
export function tableOf<Machine extends AnyStateMachine>(machine: Machine): Table<Machine> {
  const names = deriveTable(machine);
  const { actions, guards } = machine.implementations as unknown as {
    actions: Record<string, Named>;
    guards: Record<string, () => boolean>;
  };
  const [updates, effects]: [Record<string, Action>, Record<string, Action>] = [{}, {}];
  for (const [name, run] of Object.entries(actions)) {
    if (run.assignment === undefined) effects[name] = run;
    else updates[name] = updateOf(run.assignment);
  }
  return {
    start: linkTable(names, { guards, updates, effects }),
    context: () => (machine.config.context ?? {}) as ContextFrom<Machine>,
    startActor: (...from) => startActor(machine, ...from),
  };
}
