import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { callRedis } from "./call-redis.js";
import { type KeptProcess, startKept } from "./kept-process.js";
import { findRedisServer } from "./redis-binary.js";
import type { RedisLaunch } from "./redis-launch.js";
import { waitUntil } from "./wait-until.js";

const READY_TIMEOUT_MS = 10_000;
/** How long a signal may take to work; of all, SIGTERM needs most: some 100 ms without anything to save. */
const SIGNAL_TIMEOUT_MS = 2_000;
const LOG_TAIL_CHARS = 4_000;

export interface ServerOptions {
  /** Appended to the server's arguments; later ones win over ours. */
  readonly args?: readonly string[];
  /** Set as the default user's password, put into `url`, and used by `call`. */
  readonly password?: string;
  /** The text of a configuration file, for what can't be an argument. The server may rewrite its file. */
  readonly configuration?: string;
}

let launch: Promise<RedisLaunch> | undefined;

/** A real Redis server on 127.0.0.1 that dies with this process, at the latest. */
export class RedisServer {
  readonly port: number;
  readonly url: string;
  /** What the server was started with. */
  readonly args: readonly string[];
  /** Where it runs; removed by `stop`. */
  readonly directory: string;
  readonly #password: string | undefined;
  #process: KeptProcess | undefined;
  #isSuspended = false;
  #isStopped = false;

  /** Use `startServer`: this one is not started yet. */
  constructor(port: number, directory: string, options: ServerOptions) {
    const { password, configuration, args = [] } = options;
    this.port = port;
    this.url = `redis://${password === undefined ? "" : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`;
    this.#password = password;
    this.directory = directory;
    this.args = [
      ...(configuration === undefined ? [] : [join(directory, "redis.conf")]),
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", directory],
      ...["--save", "", "--appendonly", "no", "--daemonize", "no"],
      ...(password === undefined ? [] : ["--requirepass", password]),
      ...args,
    ];
  }

  /** Of the process started last, also when that is gone. */
  get pid(): number {
    if (!this.#process) throw new Error("The server was never started");
    return this.#process.pid;
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false;
  }

  /** The raw reply to one command, over a connection of its own; rejects after 2 s of silence. */
  call(...command: [string, ...(string | number)[]]): Promise<unknown> {
    return callRedis(this.port, command, this.#password === undefined ? {} : { password: this.#password });
  }

  /** Ends the server and removes its folder, for good. May be called again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    // A suspended process would keep SIGTERM for later.
    this.#process?.signal(this.#isSuspended ? "SIGKILL" : "SIGTERM");
    if ((await this.#process?.endsWithin(SIGNAL_TIMEOUT_MS)) === false) await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** SIGKILL, sent at once; resolves when the process is gone. `restart` brings it back. */
  async kill(): Promise<void> {
    this.#process?.signal("SIGKILL");
    if ((await this.#process?.endsWithin(SIGNAL_TIMEOUT_MS)) === false) {
      throw new Error(`Process ${this.pid} survived SIGKILL`);
    }
  }

  /** SIGSTOP, sent at once; resolves when the process stands still. Connections stay open and silent. */
  async suspend(): Promise<void> {
    this.#isSuspended = true;
    this.#process?.signal("SIGSTOP");
    if (process.platform === "linux") {
      await waitUntil(`process ${this.pid} is stopped`, SIGNAL_TIMEOUT_MS, async () =>
        /\) T /.test(await readFile(`/proc/${this.pid}/stat`, "utf8")),
      );
    } else {
      await sleep(20); // Elsewhere nothing cheap tells; the signal takes microseconds.
    }
  }

  /** SIGCONT: what was sent meanwhile is answered now. */
  resume(): void {
    this.#isSuspended = false;
    this.#process?.signal("SIGCONT");
  }

  /** SIGKILL if it runs, then a new process on the same port, which remembers nothing it wasn't told to save. */
  async restart(): Promise<void> {
    if (this.#isStopped) throw new Error("The server was stopped, and its folder removed");
    await this.kill();
    await this.start();
  }

  /** Starts the process and waits until it serves. Rejects with the server's own words. */
  async start(): Promise<void> {
    launch ??= findRedisServer();
    const { command, env } = await launch;
    this.#isSuspended = false;
    const child = await startKept({ command, env, args: this.args, directory: this.directory });
    this.#process = child;
    try {
      await waitUntil(`the server answers on port ${this.port}`, READY_TIMEOUT_MS, async () => {
        return !child.isRunning || (await this.#isServing());
      });
      if (!child.isRunning) throw new Error(`The server ended at once: ${await child.ended}`);
    } catch (error) {
      await this.kill();
      throw new Error(`Redis did not start: ${String(error)}\n${await this.log()}`, { cause: error });
    }
  }

  /** The end of what the server wrote. */
  async log(): Promise<string> {
    const text = await readFile(join(this.directory, "server.log"), "utf8").catch(() => "");
    return text.slice(-LOG_TAIL_CHARS);
  }

  async #isServing(): Promise<boolean> {
    try {
      // More than PING: whoever else listens on this port has another pid.
      return new RegExp(`^process_id:${this.pid}\\r?$`, "m").test(String(await this.call("INFO", "server")));
    } catch (error) {
      // An access list that came with the arguments may shut us out; then being refused is an answer.
      if (/NOAUTH|NOPERM|WRONGPASS/.test(String(error))) return this.isRunning;
      throw error;
    }
  }
}
