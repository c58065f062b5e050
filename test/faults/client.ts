import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LocksOptions } from "../../src/index.js";
import { type KeptProcess, startKept } from "../support/kept-process.js";
import { waitUntil } from "../support/wait-until.js";
import { now, type Span } from "./record.js";
import { endProcess } from "./stop.js";

/** A client process, from the first answer of its nodes until its end. */
export interface ProcessRun extends Span {
  /** The id of the process. */
  readonly id: string;
  /** The index of the client. */
  readonly client: number;
  /** The work that the process repeats. */
  readonly works: readonly Work[];
  /** Whether the process was killed, and so could not release its leases. */
  readonly killed?: boolean;
}

const PROGRAM = fileURLToPath(new URL("./fixtures/client.mjs", import.meta.url));
/** Timeout until a process has started and acquired a lease, with some servers down and on a busy machine. */
const START_TIMEOUT_MS = 60_000;
/** Timeout until a process has ended: its acquisitions end immediately, and its releases within 1 s. */
const END_TIMEOUT_MS = 8_000;

/** The client library that reaches a server. Some clients have a command timeout or a short queue. */
type Way =
  | "address"
  | "ioredis"
  | "node-redis"
  | "ioredis with commandTimeout"
  | "node-redis with commandsQueueMaxLength";

/** How a process reaches one vote. */
export type Vote =
  | { readonly kind: "server"; readonly by: Way; readonly port: number }
  | {
      readonly kind: "sentinel";
      readonly by: "ioredis" | "node-redis";
      readonly name: string;
      readonly ports: readonly number[];
    }
  | { readonly kind: "cluster"; readonly by: "ioredis" | "node-redis"; readonly ports: readonly number[] };

/**
 * The work that a process repeats. "short": a short lease of a contended resource, queued. "unfair": the same without
 * queueing. "long": a renewed lease. "bold": a renewed lease whose holder continues to write after a loss. "probe": a lease
 * of an uncontended resource. "line": a lease of a resource for which all processes queue. "permit": permits of a semaphore.
 * "share": a shared or exclusive lease, or an upgrade. "elect": a candidate of the election of all processes. For the others,
 * see fixtures/liveness-works.mjs.
 */
export type Work =
  | ("short" | "unfair" | "long" | "bold" | "probe" | "line" | "permit" | "share" | "elect")
  | ("vote" | "fresh" | "rush" | "quick" | "steady");

/** The job of a client process, which runs fixtures/client.mjs. */
export interface ClientJob {
  readonly id: string;
  /** The path of the recorder's socket. */
  readonly recorder: string;
  readonly votes: readonly Vote[];
  /** Whether each vote counts as a quorum by itself, which is wrong. For tests of the checks. */
  readonly apart: boolean;
  readonly options: Pick<LocksOptions, "prefix" | "nodeTimeout" | "wait" | "quarantine" | "renewal"> & {
    readonly ttl: number;
  };
  readonly works: readonly Work[];
  /** The number of shared resources of each kind. */
  readonly resources: Readonly<Record<"short" | "long" | "line" | "permit" | "share", number>>;
  /** How far the wall clock of the process is ahead, in ms. */
  readonly ahead: number;
}

/** A client of the run, which starts a new process after its process was killed. */
export class Client {
  readonly #job: Omit<ClientJob, "id">;
  #incarnation = 0;
  #process: KeptProcess | undefined;
  #directory = "";
  #stalledSince: number | null = null;
  /** When the processes were stalled, by their ids. */
  readonly stalledSpans = new Map<string, Span[]>();
  /** When there was no process, or only a stalled one. */
  readonly absences: Span[] = [];
  #absentSince: number | null = null;
  /** The processes, each from its first answer of the nodes. */
  readonly runs: ProcessRun[] = [];
  #runningSince: number | null = null;

  constructor(
    /** The index of the client. */
    readonly number: number,
    job: Omit<ClientJob, "id">,
  ) {
    this.#job = job;
  }

  get name(): string {
    return `client-${this.number}`;
  }

  /** The id of the current or the last process. */
  get id(): string {
    return `${this.name}.${this.#incarnation}`;
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false;
  }

  async start(): Promise<void> {
    this.#incarnation += 1;
    this.#directory = await mkdtemp(join(tmpdir(), "holdfast-client-"));
    const job: ClientJob = { ...this.#job, id: this.id };
    this.#process = await startKept({
      command: process.execPath,
      args: [PROGRAM, JSON.stringify(job)],
      env: { NODE_ENV: "production" },
      directory: this.#directory,
    });
    await waitUntil(`${this.id} has had its first lease`, START_TIMEOUT_MS, async () => {
      return !this.isRunning || /^ready$/m.test(await this.#output());
    });
    if (!this.isRunning) throw new Error(`${this.id} ended at once: ${await this.#output()}`);
    this.#runningSince = now();
    this.#endAbsence();
  }

  async kill(): Promise<void> {
    this.#absentSince ??= now();
    this.#endRun(true);
    if (this.#process) await endProcess(this.#process, this.#directory);
  }

  /** Sends SIGSTOP, which takes effect some time after this call. */
  suspend(): void {
    this.#stalledSince = now();
    this.#absentSince ??= this.#stalledSince;
    this.#process?.signal("SIGSTOP");
  }

  resume(): void {
    this.#process?.signal("SIGCONT");
    if (this.#stalledSince === null) return;
    const spans = this.stalledSpans.get(this.id) ?? [];
    spans.push({ from: this.#stalledSince, to: now() });
    this.stalledSpans.set(this.id, spans);
    this.#stalledSince = null;
    this.#endAbsence();
  }

  /** Makes the process end its work and close its locks. Returns its output if it fails; null if it succeeds. */
  async finish(): Promise<string | null> {
    if (this.#process === undefined) return null;
    this.resume();
    this.#endRun(false);
    this.#process.signal("SIGTERM");
    const inTime = await this.#process.endsWithin(END_TIMEOUT_MS);
    const output = await this.#output();
    const how = inTime ? await this.#process.ended : `did not end within ${END_TIMEOUT_MS} ms`;
    await this.kill();
    return how === "exit code 0" ? null : `${this.id}: ${how}\n${output.slice(-2_000)}`;
  }

  /** Turns long ticks of the event loop on or off. */
  toggleLag(): void {
    this.#process?.signal("SIGUSR2");
  }

  #endRun(killed: boolean): void {
    const { id, number: client } = this;
    const { works } = this.#job;
    if (this.#runningSince !== null)
      this.runs.push({ id, client, works, killed, from: this.#runningSince, to: now() });
    this.#runningSince = null;
  }

  /** Returns the output of the process. */
  #output(): Promise<string> {
    return readFile(join(this.#directory, "server.log"), "utf8").catch(() => "");
  }

  #endAbsence(): void {
    if (this.#absentSince !== null) this.absences.push({ from: this.#absentSince, to: now() });
    this.#absentSince = null;
  }
}
