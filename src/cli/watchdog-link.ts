import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { within } from "./bounded.js";
import { formatDuration } from "./duration.js";
import { CommandError, exitCode } from "./exit.js";
import { plugAndPlayOptions } from "./plug-and-play.js";
import { readyLine, type WatchdogMessage } from "./watchdog-messages.js";

const program = fileURLToPath(new URL("./watchdog.js", import.meta.url));

/** Time in ms that a watchdog may take to start. */
const startTimeout = 10_000;
/** Time in ms that the watchdog may take to end; a watchdog that was stopped by a signal would never react. */
const finishTimeout = 500;
/** How often a watchdog that died is replaced before the job is ended instead. */
const maxReplacements = 3;

/** Runs the watchdog process: sends it every message, and replaces it when it dies. */
export class WatchdogLink {
  #process: ChildProcess | undefined;
  /** The latest message of each kind, in the order in which a new watchdog must receive them. */
  readonly #sent = new Map<WatchdogMessage["kind"], WatchdogMessage>();
  #left = maxReplacements;
  #finished = false;

  /** `onLost` is called when the watchdog died too often: nothing would end the job if `holdfast` were killed. */
  constructor(readonly onLost: (why: string) => void) {}

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /**
   * Starts the watchdog. Resolves when it is ready for messages.
   * @throws CommandError if it cannot be started
   */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [...plugAndPlayOptions(), program], {
      detached: true,
      // The watchdog must not keep a file system from being unmounted.
      cwd: "/",
      // The watchdog needs neither NODE_OPTIONS nor node addresses; PATH is for ps.
      env: { PATH: process.env.PATH },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#process = child;
    // A write to a watchdog that has just died fails; only its exit matters.
    child.stdin.on("error", () => undefined);
    let why = "it ended at once";
    child.on("error", (error) => {
      why = error.message;
    });
    const ready = await new Promise<boolean>((resolve) => {
      const late = setTimeout(() => {
        why = `it was not ready within ${formatDuration(startTimeout)}`;
        resolve(false);
      }, startTimeout);
      const settle = (isReady: boolean) => {
        clearTimeout(late);
        resolve(isReady);
      };
      child.stdout.setEncoding("utf8").once("data", (text: string) => settle(text === readyLine));
      child.once("error", () => settle(false));
      child.once("exit", () => settle(false));
    });
    if (!ready) {
      child.kill("SIGKILL");
      throw new CommandError(exitCode.internal, `the watchdog could not be started: ${why}`);
    }
    for (const message of this.#sent.values()) this.#write(message);
    if (child.exitCode !== null || child.signalCode !== null) this.#replace();
    else child.once("exit", () => this.#replace());
  }

  send(message: WatchdogMessage): void {
    // A Map keeps the position of an existing key, so the order stays that in which the kinds were first sent.
    this.#sent.set(message.kind, message);
    this.#write(message);
  }

  /** Ends the watchdog, because nothing is left to guard. Resolves when the watchdog has exited or was killed. */
  async finish(): Promise<void> {
    this.#finished = true;
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    this.send({ kind: "done" });
    child.stdin?.end();
    if ((await within(finishTimeout, gone)) === undefined) child.kill("SIGKILL");
  }

  #write(message: WatchdogMessage): void {
    const pipe = this.#process?.stdin;
    if (pipe?.writable) pipe.write(`${JSON.stringify(message)}\n`);
  }

  #replace(): void {
    if (this.#finished) return;
    if (this.#left === 0) return this.onLost(`the watchdog ended ${maxReplacements + 1} times`);
    this.#left -= 1;
    this.start().catch((error: unknown) => {
      if (!this.#finished) this.onLost(error instanceof Error ? error.message : String(error));
    });
  }
}
