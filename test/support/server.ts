import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { callRedis } from "./call-redis.js";
import { type KeptProcess, startKept } from "./kept-process.js";
import { findRedisServer } from "./redis-binary.js";
import type { RedisLaunch } from "./redis-launch.js";
import { shiftedClock } from "./shifted-clock.js";
import { waitUntil } from "./wait-until.js";

const READY_TIMEOUT_MS = 10_000;
/** The timeout for a signal to take effect. */
const SIGNAL_TIMEOUT_MS = 2_000;
const LOG_TAIL_CHARS = 4_000;

export interface ServerOptions {
  /** Appended to the server's arguments; later arguments override earlier ones. */
  readonly args?: readonly string[];
  /** The password of the default user, included in `url` and used by `call`. */
  readonly password?: string;
  /** The text of a configuration file, for settings that cannot be arguments. The server may rewrite the file. */
  readonly configuration?: string;
  /** How far the server's wall clock is ahead, in seconds; below 0: behind. Default 0. Linux only; needs a C compiler. */
  readonly clockAhead?: number;
}

let launch: Promise<RedisLaunch> | undefined;

/** A real Redis server on 127.0.0.1 that ends at the latest with this process. */
export class RedisServer {
  readonly port: number;
  readonly url: string;
  /** The options of the server. */
  readonly args: readonly string[];
  /** The working directory, removed by `stop`. */
  readonly directory: string;
  readonly #password: string | undefined;
  readonly #clockAhead: number;
  #process: KeptProcess | undefined;
  #isStopped = false;

  /** Creates a server that is not started. Use `startServer` instead. */
  constructor(port: number, directory: string, options: ServerOptions) {
    const { password, configuration, args = [], clockAhead = 0 } = options;
    this.port = port;
    this.url = `redis://${password === undefined ? "" : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`;
    this.#password = password;
    this.#clockAhead = clockAhead;
    this.directory = directory;
    this.args = [
      ...(configuration === undefined ? [] : [join(directory, "redis.conf")]),
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", directory],
      ...["--save", "", "--appendonly", "no", "--daemonize", "no"],
      ...(password === undefined ? [] : ["--requirepass", password]),
      ...args,
    ];
  }

  /** The pid of the last process, even if it has ended. */
  get pid(): number {
    if (!this.#process) throw new Error("The server was never started");
    return this.#process.pid;
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false;
  }

  /** Sends one command over a new connection. Resolves with the raw reply; rejects after 2 s without one. */
  call(...command: [string, ...(string | number)[]]): Promise<unknown> {
    return callRedis(this.port, command, this.#password === undefined ? {} : { password: this.#password });
  }

  /** Kills the server and removes its folder. May be called again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Sends SIGKILL synchronously, and resolves when the process has ended. `restart` starts it again. */
  async kill(): Promise<void> {
    this.#process?.signal("SIGKILL");
    if ((await this.#process?.endsWithin(SIGNAL_TIMEOUT_MS)) === false) {
      throw new Error(`Process ${this.pid} survived SIGKILL`);
    }
  }

  /** Sends SIGSTOP synchronously, and resolves when the process is stopped. Connections stay open and silent. */
  async suspend(): Promise<void> {
    this.#process?.signal("SIGSTOP");
    if (process.platform === "linux") {
      await waitUntil(`process ${this.pid} is stopped`, SIGNAL_TIMEOUT_MS, async () =>
        /\) T /.test(await readFile(`/proc/${this.pid}/stat`, "utf8")),
      );
    } else {
      await sleep(20); // Other systems have no cheap check; the signal takes microseconds.
    }
  }

  /** Sends SIGCONT: the server answers the commands that arrived meanwhile. */
  resume(): void {
    this.#process?.signal("SIGCONT");
  }

  /** Kills the process if it runs, and starts a new one on the same port. Data that was not saved is lost. */
  async restart(): Promise<void> {
    if (this.#isStopped) throw new Error("The server was stopped, and its folder removed");
    await this.kill();
    await this.start();
  }

  /** Starts the process, and waits this many ms until it accepts commands. Rejects with the server's output. */
  async start(within = READY_TIMEOUT_MS): Promise<void> {
    launch ??= findRedisServer();
    const { command, env } = await launch;
    const clock = this.#clockAhead === 0 ? {} : await shiftedClock(this.#clockAhead, this.directory);
    const child = await startKept({
      command,
      env: { ...env, ...clock },
      args: this.args,
      directory: this.directory,
    });
    this.#process = child;
    try {
      await waitUntil(`the server answers on port ${this.port}`, within, async () => {
        return !child.isRunning || (await this.#isServing());
      });
      if (!child.isRunning) throw new Error(`The server ended at once: ${await child.ended}`);
    } catch (error) {
      await this.kill();
      throw new Error(`Redis did not start: ${String(error)}\n${await this.log()}`, { cause: error });
    }
  }

  /** Returns the end of the server's output. */
  async log(): Promise<string> {
    const text = await readFile(join(this.directory, "server.log"), "utf8").catch(() => "");
    return text.slice(-LOG_TAIL_CHARS);
  }

  async #isServing(): Promise<boolean> {
    try {
      // PING is not enough: another process that listens on this port has a different pid.
      const info = String(await this.call("INFO"));
      return new RegExp(`^process_id:${this.pid}\\r?$`, "m").test(info) && !/^loading:1/m.test(info);
    } catch (error) {
      // The arguments may take this command away; the refusal shows that the server runs.
      if (/NOAUTH|NOPERM|WRONGPASS|unknown command/.test(String(error))) return this.isRunning;
      throw error;
    }
  }
}
