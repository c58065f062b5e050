import { type ChildProcess, spawn } from "node:child_process";
import { waitUntil } from "../../support/wait-until.js";
import { builtCommand } from "./build.js";
import { isGone } from "./processes.js";

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Starts the command in a session of its own, without the terminal of whoever runs the tests. */
  readonly detached?: boolean;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running command. */
export class Holdfast {
  stdout = "";
  stderr = "";
  readonly ended: Promise<Ended>;

  constructor(readonly child: ChildProcess) {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => {
      // Not "close": processes that holdfast leaves running, if any, keep the pipes open.
      child.once("exit", (code, signal) => {
        setTimeout(() => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }), 50);
      });
    });
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error("holdfast was not started");
    return this.child.pid;
  }

  /** The events that --json has written so far. */
  get events(): readonly Record<string, unknown>[] {
    return this.stderr
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  kill(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** The end of the validity that holdfast reported, in epoch ms. */
  get validUntil(): number {
    const ends = this.events.flatMap(({ event, validUntil }) =>
      event === "acquired" || event === "renewed" ? [Number(validUntil)] : [],
    );
    return Math.max(...ends);
  }

  async logs(name: string, timeoutMs = 10_000): Promise<void> {
    await waitUntil(`holdfast logs "${name}"; stderr: ${this.stderr}`, timeoutMs, () =>
      this.events.some(({ event }) => event === name),
    );
  }
}

const started = new Set<Holdfast>();

/** The environment without variables that would change the command's behaviour. */
export async function startHoldfast(args: readonly string[], options: StartOptions = {}): Promise<Holdfast> {
  const { HOLDFAST_NODES: _, HOLDFAST_PREVIOUS_NODES: __, FORCE_COLOR: ___, ...env } = process.env;
  const child = spawn(process.execPath, [await builtCommand(), ...args], {
    env: { ...env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    detached: options.detached ?? false,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const holdfast = new Holdfast(child);
  started.add(holdfast);
  return holdfast;
}

export async function holdfast(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  const running = await startHoldfast(args, options);
  return running.ended;
}

/** No process of a test may outlive it. */
export async function end(one: Holdfast): Promise<void> {
  started.delete(one);
  if (one.child.exitCode !== null || one.child.signalCode !== null) return;
  // The watchdog ends the command.
  one.kill("SIGKILL");
  await waitUntil("holdfast is gone", 5_000, () => isGone(one.pid));
}

/** To be called after each test, or after all concurrent tests. */
export async function endAll(): Promise<void> {
  for (const one of started) await end(one);
}
