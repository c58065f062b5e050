import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { CommandError, exitCode } from "./exit.js";
import type { RunOptions } from "./run-options.js";

/** How a command ended. */
export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What the command is told by its environment. Never the token, and no node address that was not there before. */
export interface CommandFacts {
  readonly resources: readonly string[];
  readonly acquisition: string;
  readonly validUntil: number;
  readonly owner: string;
}

/** In the environment of all that the command starts: how the processes of a job are recognised. */
export const markName = "HOLDFAST_RUN";

export const environmentOf = (facts: CommandFacts, mark: string): Record<string, string> => ({
  HOLDFAST_RESOURCE: facts.resources.join("\n"),
  HOLDFAST_ACQUISITION: facts.acquisition,
  HOLDFAST_VALID_UNTIL: String(facts.validUntil),
  HOLDFAST_OWNER: facts.owner,
  [markName]: mark,
});

/**
 * Starts the command: in a session and a process group of its own, unless it is to keep the terminal.
 * Throws a CommandError with 127 or 126, as shells do, if there is no such command or it can not be run.
 */
export async function startCommand(
  { command: [name, ...args], foreground }: Pick<RunOptions, "command" | "foreground">,
  environment: Readonly<Record<string, string>>,
): Promise<{ child: ChildProcess; pid: number; end: Promise<CommandEnd> }> {
  const child = spawnOrThrow(name, args, !foreground, environment);
  const end = new Promise<CommandEnd>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  if (child.pid !== undefined) return { child, pid: child.pid, end };
  const error = await new Promise<NodeJS.ErrnoException>((resolve) => child.once("error", resolve));
  throw notRun(name, error);
}

function spawnOrThrow(
  name: string,
  args: readonly string[],
  detached: boolean,
  environment: Readonly<Record<string, string>>,
): ChildProcess {
  try {
    const child = spawn(name, args, { detached, stdio: "inherit", env: { ...process.env, ...environment } });
    // A failed kill is reported here too; who failed to start is asked about it below.
    child.on("error", () => undefined);
    return child;
  } catch (error) {
    throw notRun(name, error as NodeJS.ErrnoException);
  }
}

function notRun(name: string, { code, message }: NodeJS.ErrnoException): CommandError {
  const quoted = JSON.stringify(name);
  // A directory of the PATH that may not be searched makes it EACCES as well, for a command that is nowhere.
  if (code === "ENOENT" || (code === "EACCES" && !isOnPath(name)))
    return new CommandError(exitCode.notFound, `${quoted}: command not found`);
  if (code === "EACCES") return new CommandError(exitCode.notExecutable, `${quoted}: permission denied`);
  return new CommandError(exitCode.notExecutable, `${quoted} cannot be run: ${message}`);
}

const isOnPath = (name: string): boolean =>
  name.includes("/") ||
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, name)));

/** The command's own exit code; 128 and the signal's number if a signal ended it. */
export function codeOf({ code, signal }: CommandEnd): number {
  if (code !== null) return code;
  return exitCode.signalled + (signal === null ? 0 : constants.signals[signal]);
}
