import type { Redis } from "ioredis";
import { formatDuration } from "../duration.js";
import type { Answer } from "./facts.js";
import { refusalOf, timedOut } from "./refusal.js";
import type { Target } from "./target.js";

/** The node has not answered within the timeout. */
class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/**
 * One connection to one server. The session asks nothing by itself, never reconnects, and ends when the server has
 * been silent for the timeout.
 */
export class Session {
  /** The first error of the connection itself. */
  #connectionError: Error | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #timeout: Promise<never>;
  /** Whether the server has been silent for longer than the timeout. */
  timedOut = false;

  private constructor(
    private readonly redis: Redis,
    timeout: number,
  ) {
    redis.on("error", (thrown) => {
      this.#connectionError ??= thrown;
    });
    this.#timeout = new Promise((_, reject) => {
      this.#timer = setTimeout(() => {
        this.timedOut = true;
        reject(new TimeoutError(`no answer within ${formatDuration(timeout)}`));
      }, timeout);
    });
    this.#timeout.catch(() => undefined);
  }

  static async prepare({ host, port, tls, family }: Target, timeout: number): Promise<Session> {
    // Loaded here, as in the locks' own client: most commands never need it.
    const { Redis } = await import("ioredis");
    const redis = new Redis({
      host,
      port,
      family,
      ...(tls ? { tls: {} } : {}),
      lazyConnect: true,
      // The user, the password and the database are sent by `enter`, so that each refusal can be told apart.
      protocol: 2,
      enableReadyCheck: false,
      disableClientInfo: true,
      retryStrategy: () => null,
      // The timeout covers connecting as well.
      connectTimeout: 0,
    });
    return new Session(redis, timeout);
  }

  async connect(): Promise<void> {
    await this.#inTime(this.redis.connect());
  }

  /** Whether there is a connection, even one on which TLS is not established yet. */
  get connected(): boolean {
    return this.redis.stream !== undefined && !this.redis.stream.connecting;
  }

  get peer(): string | null {
    return this.redis.stream.remoteAddress ?? null;
  }

  /** Resolves with the server's answer, or with a refusal of the server or the connection. */
  async ask(...[name, ...args]: readonly [string, ...string[]]): Promise<Answer<unknown>> {
    return answered(this.#inTime(this.redis.call(name, ...args)));
  }

  /** Must be the last question: a subscriber can ask nothing else. */
  async subscribe(channel: string): Promise<Answer<unknown>> {
    return answered(this.#inTime(this.redis.subscribe(channel)));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.redis.disconnect();
    this.redis.stream?.destroy();
  }

  async #inTime<T>(answer: Promise<T>): Promise<T> {
    // A rejection after the race must not be unhandled.
    answer.catch(() => undefined);
    try {
      return await Promise.race([answer, this.#timeout]);
    } catch (thrown) {
      // "Connection is closed" is the client's message; the cause came before.
      throw /^Connection is closed/.test((thrown as Error).message)
        ? (this.#connectionError ?? thrown)
        : thrown;
    } finally {
      // A refusal is an answer, too.
      if (!this.timedOut) this.#timer?.refresh();
    }
  }
}

async function answered(question: Promise<unknown>): Promise<Answer<unknown>> {
  try {
    return { ok: true, value: await question };
  } catch (thrown) {
    const refusal = refusalOf(thrown);
    return { ok: false, refusal: thrown instanceof TimeoutError ? { ...refusal, code: timedOut } : refusal };
  }
}
