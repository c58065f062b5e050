import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { within } from "./bounded.js";
import { formatDuration } from "./duration.js";
import { CommandError, exitCode } from "./exit.js";
import { readyLine, type WatchdogMessage } from "./watchdog-messages.js";

const program = fileURLToPath(new URL("./watchdog.js", import.meta.url));

/** ms that a watchdog may take to start. */
const startTimeout = 10_000;
/** ms that it may take to end when it is told to; stopped by somebody, it would never hear of it. */
const finishTimeout = 500;
/** How often one that died is replaced before the job is ended instead. */
const replacements = 3;

/** The watchdog as `holdfast` sees it: told everything, and replaced when it dies. */
export class WatchdogLink {
  #process: ChildProcess | undefined;
  /** The last message of each kind, in the order in which a new watchdog must hear them. */
  readonly #told = new Map<WatchdogMessage["tell"], WatchdogMessage>();
  #left = replacements;
  #finished = false;

  /** `onLost`: it died too often; nobody would end the job if `holdfast` were killed. */
  constructor(readonly onLost: (why: string) => void) {}

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Resolves when the watchdog listens. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [program], {
      detached: true,
      // Nobody's file system is kept from being unmounted.
      cwd: "/",
      // Neither NODE_OPTIONS nor node addresses concern it; PATH is for ps.
      env: { PATH: process.env.PATH },
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.#process = child;
    // A write to a watchdog that just died; its exit is what counts.
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
    for (const message of this.#told.values()) this.#send(message);
    if (child.exitCode !== null || child.signalCode !== null) this.#replace();
    else child.once("exit", () => this.#replace());
  }

  tell(message: WatchdogMessage): void {
    // Re-inserted, so that the order stays that of the last tellings.
    this.#told.set(message.tell, message);
    this.#send(message);
  }

  /** Nothing is left to guard. Resolves when the watchdog is gone. */
  async finish(): Promise<void> {
    this.#finished = true;
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    this.tell({ tell: "done" });
    child.stdin?.end();
    if ((await within(finishTimeout, gone)) === undefined) child.kill("SIGKILL");
  }

  #send(message: WatchdogMessage): void {
    const pipe = this.#process?.stdin;
    if (pipe?.writable) pipe.write(`${JSON.stringify(message)}\n`);
  }

  #replace(): void {
    if (this.#finished) return;
    if (this.#left === 0) return this.onLost(`the watchdog ended ${replacements + 1} times`);
    this.#left -= 1;
    this.start().catch((error: unknown) => {
      if (!this.#finished) this.onLost(error instanceof Error ? error.message : String(error));
    });
  }
}
