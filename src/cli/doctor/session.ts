import type { Redis } from "ioredis";
import { formatDuration } from "../duration.js";
import type { Answer } from "./facts.js";
import { outOfTime, refusalOf } from "./refusal.js";
import type { Target } from "./target.js";

/** The node has been silent for longer than it may. */
class OutOfTime extends Error {}

/**
 * One connection to one server, which asks nothing by itself, never reconnects, and is over when the server has said
 * nothing for so many ms.
 */
export class Session {
  /** The first thing that went wrong with the connection itself. */
  #trouble: Error | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #silence: Promise<never>;
  /** Whether the server has been silent for too long. */
  late = false;

  private constructor(
    private readonly redis: Redis,
    timeout: number,
  ) {
    redis.on("error", (thrown) => {
      this.#trouble ??= thrown;
    });
    this.#silence = new Promise((_, reject) => {
      this.#timer = setTimeout(() => {
        this.late = true;
        reject(new OutOfTime(`no answer within ${formatDuration(timeout)}`));
      }, timeout);
    });
    this.#silence.catch(() => undefined);
  }

  static async prepare({ host, port, tls }: Target, timeout: number): Promise<Session> {
    // Loaded here, as it is by the locks: most commands never need it.
    const { Redis } = await import("ioredis");
    const redis = new Redis({
      host,
      port,
      ...(tls ? { tls: {} } : {}),
      lazyConnect: true,
      // The user, the password and the database are ours to tell, so that each refusal is seen for what it is.
      protocol: 2,
      enableReadyCheck: false,
      disableClientInfo: true,
      retryStrategy: () => null,
      // The bound of a silence covers it.
      connectTimeout: 0,
    });
    return new Session(redis, timeout);
  }

  async connect(): Promise<void> {
    await this.#inTime(this.redis.connect());
  }

  /** Whether there is a connection, if only one on which TLS was not agreed yet. */
  get touched(): boolean {
    return this.redis.stream !== undefined && !this.redis.stream.connecting;
  }

  get peer(): string | null {
    return this.redis.stream.remoteAddress ?? null;
  }

  /** What it answers, or what it, or the way to it, has against that. */
  async ask(...[name, ...args]: readonly [string, ...string[]]): Promise<Answer<unknown>> {
    return answered(this.#inTime(this.redis.call(name, ...args)));
  }

  /** Nothing can be asked after it. */
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
    // Who loses the race is of no interest any more.
    answer.catch(() => undefined);
    try {
      return await Promise.race([answer, this.#silence]);
    } catch (thrown) {
      // "Connection is closed" is what the client says of it; the cause came before.
      throw /^Connection is closed/.test((thrown as Error).message) ? (this.#trouble ?? thrown) : thrown;
    } finally {
      // A refusal is an answer, too.
      if (!this.late) this.#timer?.refresh();
    }
  }
}

async function answered(question: Promise<unknown>): Promise<Answer<unknown>> {
  try {
    return { ok: true, value: await question };
  } catch (thrown) {
    const refusal = refusalOf(thrown);
    return { ok: false, refusal: thrown instanceof OutOfTime ? { ...refusal, code: outOfTime } : refusal };
  }
}
