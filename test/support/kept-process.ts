import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const KEEPER = fileURLToPath(new URL("./server-keeper.mjs", import.meta.url));

/** A request to the keeper. The output goes to `server.log` in the directory, which the keeper removes. */
export interface KeptProcessRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
}

/** A process that ends at the latest with this process. */
export class KeptProcess {
  readonly pid: number;
  /** Resolves with the reason when the process has ended and its pid is free again. Never rejects. */
  readonly ended: Promise<string>;
  #isRunning = true;

  constructor(pid: number, ended: Promise<string>) {
    this.pid = pid;
    this.ended = ended;
    ended.then(() => {
      this.#isRunning = false;
    });
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  async endsWithin(timeoutMs: number): Promise<boolean> {
    const inTime = new AbortController();
    const late = sleep(timeoutMs, false, { signal: inTime.signal }).catch(() => false);
    const ended = await Promise.race([this.ended.then(() => true), late]);
    inTime.abort();
    return ended;
  }

  /** Sends the signal synchronously. Does nothing if the process has ended, because its pid may have been reused. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#isRunning) return;
    try {
      process.kill(this.pid, signal);
    } catch (error) {
      // The process has just ended, and the keeper's message has not arrived yet.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

interface Listener {
  started(pid: number): void;
  ended(reason: string): void;
}

type Report = { id: number } & ({ pid: number } | { ended: string });

const listeners = new Map<number, Listener>();
const running = new Set<KeptProcess>();
let keeper: ChildProcess | undefined;
let lastId = 0;
let unanswered = 0;

/** Starts a process under the keeper, and the keeper with the first process. Rejects if the program cannot be run. */
export async function startKept(request: KeptProcessRequest): Promise<KeptProcess> {
  keeper ??= startKeeper();
  const { channel } = keeper;
  // The channel keeps this process running only while an answer is pending.
  unanswered += 1;
  channel?.ref();
  try {
    return await ask(keeper, request);
  } finally {
    unanswered -= 1;
    if (unanswered === 0) channel?.unref();
  }
}

function ask(current: ChildProcess, request: KeptProcessRequest): Promise<KeptProcess> {
  lastId += 1;
  const id = lastId;
  return new Promise((resolve, reject) => {
    let noteEnd: (reason: string) => void = () => undefined;
    const ended = new Promise<string>((note) => {
      noteEnd = note;
    });
    listeners.set(id, {
      started(pid) {
        const kept = new KeptProcess(pid, ended);
        running.add(kept);
        ended.then(() => running.delete(kept));
        resolve(kept);
      },
      ended(reason) {
        listeners.delete(id);
        noteEnd(reason);
        // Has no effect once the process was started.
        reject(new Error(`${request.command} could not be run: ${reason}`));
      },
    });
    current.send({ id, ...request });
  });
}

function startKeeper(): ChildProcess {
  // In its own process group, so that Ctrl-C in the terminal ends the run, but not the servers under test.
  const child = fork(KEEPER, { execArgv: [], detached: true, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  child.on("message", (report: Report) => {
    if ("pid" in report) listeners.get(report.id)?.started(report.pid);
    else listeners.get(report.id)?.ended(report.ended);
  });
  child.on("error", () => loseKeeper(child));
  child.on("exit", () => loseKeeper(child));
  child.unref();
  child.channel?.unref();
  return child;
}

/** The keeper was ended from outside, so this process must end the servers. */
function loseKeeper(child: ChildProcess): void {
  if (keeper !== child) return;
  keeper = undefined;
  for (const kept of running) kept.signal("SIGKILL");
  for (const listener of listeners.values()) listener.ended("the server keeper ended");
}
