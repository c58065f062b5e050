import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Message, Witness } from "./witness.js";

const program = fileURLToPath(new URL("./fixtures/process.mjs", import.meta.url));

/** The addresses that all processes have during one stage of a change. */
export interface Stage {
  readonly nodes: readonly string[];
  readonly previous?: readonly string[];
}

/** What one process does. */
export interface Work {
  readonly owner: string;
  /** ms. */
  readonly ttl: number;
  /** The resources that it holds for as long as it lives. */
  readonly held: readonly string[];
  /** The resources that it locks for a short time, one every `interval` ms. */
  readonly contended: readonly string[];
  readonly interval: number;
}

/** A running process with locks. */
export class LockProcess {
  private readonly child: ChildProcess;
  private readonly exited: Promise<unknown>;
  /** Resolves when the process holds its resources. */
  readonly ready: Promise<void>;

  constructor(
    readonly work: Work,
    stage: Stage,
    witness: Witness,
  ) {
    this.child = fork(program, [JSON.stringify({ ...work, ...stage })], {
      execArgv: ["--disable-warning=HoldfastWarning"],
    });
    this.exited = once(this.child, "exit");
    this.ready = new Promise((resolve, reject) => {
      this.child.on("message", (message: Message) => {
        witness.hear(message);
        if (message.kind === "ready") resolve();
      });
      this.child.once("exit", (code) => reject(new Error(`${work.owner} ended early (${code})`)));
    });
    this.ready.catch(() => undefined);
  }

  /** Has the process release what it holds, and end. */
  async stop(): Promise<void> {
    if (this.child.connected) this.child.send("stop");
    await this.exited;
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }
}

/** Replaces a process by one with other nodes, as a restart of a service does. */
export async function restart(one: LockProcess, stage: Stage, witness: Witness): Promise<LockProcess> {
  await one.stop();
  const next = new LockProcess(one.work, stage, witness);
  await next.ready;
  return next;
}
