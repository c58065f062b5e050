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

/** What the command finds in its environment. Never the token, and no node address that was not there before. */
export interface CommandEnvironment {
  readonly resources: readonly string[];
  readonly acquisition: string;
  readonly validUntil: number;
  readonly owner: string;
}

/** An environment variable of everything that the command starts: the processes of a job are recognised by it. */
export const markName = "HOLDFAST_RUN";

export const environmentOf = (facts: CommandEnvironment, mark: string): Record<string, string> => ({
  HOLDFAST_RESOURCE: facts.resources.join("\n"),
  HOLDFAST_ACQUISITION: facts.acquisition,
  HOLDFAST_VALID_UNTIL: String(facts.validUntil),
  HOLDFAST_OWNER: facts.owner,
  [markName]: mark,
});

/**
 * Starts the command in a session and a process group of its own, unless it keeps the terminal.
 * @throws CommandError with 127 or 126, as shells do, if the command does not exist or cannot be run
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
    // A failed kill emits "error" as well; a failed start is handled by the caller.
    child.on("error", () => undefined);
    return child;
  } catch (error) {
    throw notRun(name, error as NodeJS.ErrnoException);
  }
}

function notRun(name: string, { code, message }: NodeJS.ErrnoException): CommandError {
  const quoted = JSON.stringify(name);
  // A directory in the PATH that may not be searched causes EACCES too, even if the command exists nowhere.
  if (code === "ENOENT" || (code === "EACCES" && !isOnPath(name)))
    return new CommandError(exitCode.notFound, `${quoted}: command not found`);
  if (code === "EACCES") return new CommandError(exitCode.notExecutable, `${quoted}: permission denied`);
  return new CommandError(exitCode.notExecutable, `${quoted} cannot be run: ${message}`);
}

const isOnPath = (name: string): boolean =>
  name.includes("/") ||
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, name)));

/** The command's own exit code, or 128 plus the signal's number if a signal ended it. */
export function codeOf({ code, signal }: CommandEnd): number {
  if (code !== null) return code;
  return exitCode.signalled + (signal === null ? 0 : constants.signals[signal]);
}
