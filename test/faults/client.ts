import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LocksOptions } from "../../src/index.js";
import { type KeptProcess, startKept } from "../support/kept-process.js";
import { waitUntil } from "../support/wait-until.js";
import type { Life } from "./disturbances.js";
import { now, type Span } from "./record.js";
import { endKept } from "./stop.js";

const PROGRAM = fileURLToPath(new URL("./fixtures/client.mjs", import.meta.url));
/** It starts, connects and acquires; with some of its servers down, and on a busy machine. */
const START_TIMEOUT_MS = 60_000;
/** Its acquisitions end at once, its releases within 1 s. */
const END_TIMEOUT_MS = 8_000;

/** How one server is reached, by which library; some clients give up, or refuse, what others wait for. */
type Way =
  | "address"
  | "ioredis"
  | "node-redis"
  | "ioredis with commandTimeout"
  | "node-redis with commandsQueueMaxLength";

/** How one vote is reached. */
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
 * What goes on in a process, over and over: "short": a short lease of one that all want, in line; "unfair": the same out of
 * line; "long": one that is renewed; "bold": the same, and it writes on whatever has become of the lease; "probe": one that
 * nobody else wants; "line": one for which all wait in line. The others: see fixtures/lively.mjs.
 */
export type Work =
  | ("short" | "unfair" | "long" | "bold" | "probe" | "line")
  | ("vote" | "fresh" | "rush" | "quick" | "steady");

/** What a process of clients is told; fixtures/client.mjs does it. */
export interface ClientJob {
  readonly id: string;
  /** The socket of the witness. */
  readonly witness: string;
  readonly votes: readonly Vote[];
  /** Each vote counts as a quorum by itself: wrong, for runs that must be found out. */
  readonly apart: boolean;
  readonly options: Pick<LocksOptions, "prefix" | "nodeTimeout" | "wait" | "quarantine"> & {
    readonly ttl: number;
  };
  readonly works: readonly Work[];
  /** How many, of each kind, all processes share. */
  readonly resources: { readonly short: number; readonly long: number; readonly line: number };
  /** ms by which its time of day is ahead of the others'. */
  readonly ahead: number;
}

/** A place in the run for one process after the other: when one is killed, the next one takes it. */
export class Client {
  readonly #job: Omit<ClientJob, "id">;
  #life = 0;
  #process: KeptProcess | undefined;
  #directory = "";
  #stillSince: number | null = null;
  /** While which its processes stood still, by their names. */
  readonly stills = new Map<string, Span[]>();
  /** While which there was none, or one that stood still. */
  readonly absences: Span[] = [];
  #absentSince: number | null = null;
  /** Of its processes, from when their nodes had answered. */
  readonly lives: Life[] = [];
  #livesSince: number | null = null;

  constructor(
    /** Among the processes that run at the same time. */
    readonly number: number,
    job: Omit<ClientJob, "id">,
  ) {
    this.#job = job;
  }

  get name(): string {
    return `client-${this.number}`;
  }

  /** Of the process that runs now, or ran last. */
  get id(): string {
    return `${this.name}.${this.#life}`;
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false;
  }

  async start(): Promise<void> {
    this.#life += 1;
    this.#directory = await mkdtemp(join(tmpdir(), "holdfast-client-"));
    const job: ClientJob = { ...this.#job, id: this.id };
    this.#process = await startKept({
      command: process.execPath,
      args: [PROGRAM, JSON.stringify(job)],
      env: { NODE_ENV: "production" },
      directory: this.#directory,
    });
    await waitUntil(`${this.id} has had its first lease`, START_TIMEOUT_MS, async () => {
      return !this.isRunning || /^ready$/m.test(await this.#said());
    });
    if (!this.isRunning) throw new Error(`${this.id} ended at once: ${await this.#said()}`);
    this.#livesSince = now();
    this.#present();
  }

  async kill(): Promise<void> {
    this.#absentSince ??= now();
    this.#die(true);
    if (this.#process) await endKept(this.#process, this.#directory);
  }

  /** SIGSTOP: from some time after this call on it does nothing. */
  suspend(): void {
    this.#stillSince = now();
    this.#absentSince ??= this.#stillSince;
    this.#process?.signal("SIGSTOP");
  }

  resume(): void {
    this.#process?.signal("SIGCONT");
    if (this.#stillSince === null) return;
    const spans = this.stills.get(this.id) ?? [];
    spans.push({ from: this.#stillSince, to: now() });
    this.stills.set(this.id, spans);
    this.#stillSince = null;
    this.#present();
  }

  /** It ends its work and closes its locks. What it says if it does not, or not well; null if it does. */
  async finish(): Promise<string | null> {
    if (this.#process === undefined) return null;
    this.resume();
    this.#die(false);
    this.#process.signal("SIGTERM");
    const inTime = await this.#process.endsWithin(END_TIMEOUT_MS);
    const said = await this.#said();
    const how = inTime ? await this.#process.ended : `did not end within ${END_TIMEOUT_MS} ms`;
    await this.kill();
    return how === "exit code 0" ? null : `${this.id}: ${how}\n${said.slice(-2_000)}`;
  }

  /** From now on each turn of its event loop takes long; called again, no longer. */
  toggleLag(): void {
    this.#process?.signal("SIGUSR2");
  }

  #die(killed: boolean): void {
    const { id, number: client } = this;
    const { works } = this.#job;
    if (this.#livesSince !== null)
      this.lives.push({ id, client, works, killed, from: this.#livesSince, to: now() });
    this.#livesSince = null;
  }

  /** What it has written. */
  #said(): Promise<string> {
    return readFile(join(this.#directory, "server.log"), "utf8").catch(() => "");
  }

  #present(): void {
    if (this.#absentSince !== null) this.absences.push({ from: this.#absentSince, to: now() });
    this.#absentSince = null;
  }
}
