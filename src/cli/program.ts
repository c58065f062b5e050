import { Command } from "commander";
import { addAdmit } from "./commands/admit.js";
import { addChart } from "./commands/chart.js";
import type { AddCommand } from "./commands/common.js";
import { addDemo } from "./commands/demo.js";
import { addDoctor } from "./commands/doctor.js";
import { addInspect } from "./commands/inspect.js";
import { addRun } from "./commands/run.js";
import { addUi } from "./commands/ui.js";
import { addWatch } from "./commands/watch.js";
import { usageError } from "./exit.js";

const commands: readonly AddCommand[] = [
  addRun,
  addInspect,
  addWatch,
  addUi,
  addChart,
  addDoctor,
  addAdmit,
  addDemo,
];

/** Builds the command line. Each action passes its exit code to `exit`. */
export function buildProgram(version: string, exit: (code: number) => void): Command {
  const program = new Command("holdfast")
    .description("A distributed lock: run a command under it, see who holds it, watch it at work.")
    .version(version)
    .enablePositionalOptions()
    .exitOverride()
    // `main` writes every error as one line.
    .configureOutput({ writeErr: () => undefined });
  for (const add of commands) add(program, exit);
  // The help command of the library says of an unknown command only that one is missing.
  program
    .helpCommand(false)
    .command("help [command]")
    .description("Show the help of a command.")
    .action((name?: string) => {
      const named = name === undefined ? program : program.commands.find((one) => one.name() === name);
      if (named === undefined) throw usageError(`unknown command '${name}'`);
      named.help();
    });
  return program;
}
